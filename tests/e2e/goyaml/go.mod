module goyaml

go 1.21

require github.com/buildkite/yaml v2.1.0+incompatible

require (
	gopkg.in/check.v1 v1.0.0-20201130134442-10cb98267c6c // indirect
	gopkg.in/yaml.v2 v2.4.0 // indirect
)
