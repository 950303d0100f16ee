module github.com/labs64/traefik-authproxy

go 1.21

require (
	github.com/golang-jwt/jwt/v5 v5.3.1
	go.yaml.in/yaml/v3 v3.0.4
)
