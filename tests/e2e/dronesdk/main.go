// Reads builds with Drone's own SDK, as Drone's command line does, and prints what it got as JSON.
// DRONE_SERVER and DRONE_TOKEN say where and as whom; the arguments are a repository and a build's number.
package main

import (
	"encoding/json"
	"net/http"
	"os"
	"strconv"

	"github.com/drone/drone-go/drone"
)

type bearer struct{ token string }

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+b.token)
	return http.DefaultTransport.RoundTrip(r)
}

func check(err error) {
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}

func main() {
	client := drone.NewClient(os.Getenv("DRONE_SERVER"), &http.Client{Transport: bearer{os.Getenv("DRONE_TOKEN")}})
	owner, name := os.Args[1], os.Args[2]
	number, err := strconv.Atoi(os.Args[3])
	check(err)
	user, err := client.Self()
	check(err)
	repos, err := client.RepoList()
	check(err)
	repo, err := client.Repo(owner, name)
	check(err)
	builds, err := client.BuildList(owner, name, drone.ListOptions{Page: 1, Size: 3})
	check(err)
	build, err := client.Build(owner, name, number)
	check(err)
	last, err := client.BuildLast(owner, name, "")
	check(err)
	logs, err := client.Logs(owner, name, number, 1, 1)
	check(err)
	_, missing := client.Build(owner, name, 999)
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"user": user, "repos": repos, "repo": repo, "builds": builds, "build": build, "last": last, "logs": logs,
		"missing": missing.Error(),
	}))
}
