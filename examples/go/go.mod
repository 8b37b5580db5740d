module station

go 1.21
