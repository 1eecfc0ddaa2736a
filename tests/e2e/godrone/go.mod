module godrone

go 1.21

require github.com/drone/drone-yaml v1.2.4-0.20220204000225-01fb17858c9b

require (
	github.com/bmatcuk/doublestar v1.1.1 // indirect
	github.com/buildkite/yaml v2.1.0+incompatible // indirect
	github.com/docker/go-units v0.3.3 // indirect
	gopkg.in/yaml.v2 v2.4.0 // indirect
)

// Only the compiler of the library needs it, and what it needs itself is no longer to be had.
replace github.com/drone/drone-runtime => ./unused
