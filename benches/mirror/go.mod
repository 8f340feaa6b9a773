module gosteady/benches/mirror

go 1.21
