module wapc.example/guest

go 1.24
