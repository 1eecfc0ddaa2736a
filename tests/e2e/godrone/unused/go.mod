module unused

go 1.21
