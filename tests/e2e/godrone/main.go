// Reads texts, a JSON string a line, with the parser and linter of the Drone server (2.12.0 to 2.28.2), and prints for each a
// line with what Drone would say, empty where it would accept the text.
// With the argument `read` it prints what Drone reads of each text, as JSON.
// With the argument `match` it reads lines {"text": …, "values": {"branch": …}}, and prints for each the names of the pipelines
// that Drone would run, as a JSON array; null where Drone would refuse the text.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/drone/drone-yaml/yaml"
	"github.com/drone/drone-yaml/yaml/linter"
)

func verdict(text string) (said string) {
	defer func() {
		if problem := recover(); problem != nil {
			said = fmt.Sprint(problem)
		}
	}()
	manifest, err := yaml.ParseString(text)
	if err == nil {
		err = linter.Manifest(manifest, true)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// matched compares the pipelines with a build in the way of Drone's trigger/trigger.go and trigger/skip.go.
func matched(text string, values map[string]string) []string {
	if verdict(text) != "" {
		return nil
	}
	manifest, _ := yaml.ParseString(text)
	names := []string{}
	for _, document := range manifest.Resources {
		pipeline, ok := document.(*yaml.Pipeline)
		if !ok {
			continue
		}
		when := pipeline.Trigger
		if when.Branch.Match(values["branch"]) && when.Event.Match(values["event"]) && when.Action.Match(values["action"]) &&
			when.Ref.Match(values["ref"]) && when.Repo.Match(values["repo"]) && when.Target.Match(values["target"]) &&
			when.Cron.Match(values["cron"]) {
			names = append(names, pipeline.Name)
		}
	}
	return names
}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		if len(os.Args) > 1 && os.Args[1] == "match" {
			var ask struct {
				Text   string
				Values map[string]string
			}
			if err := json.Unmarshal(line, &ask); err != nil {
				panic(err)
			}
			names, _ := json.Marshal(matched(ask.Text, ask.Values))
			fmt.Println(string(names))
			continue
		}
		var text string
		if err := json.Unmarshal(line, &text); err != nil {
			panic(err)
		}
		if len(os.Args) > 1 {
			manifest, err := yaml.ParseString(text)
			if err != nil {
				panic(err)
			}
			read, _ := json.Marshal(manifest)
			fmt.Println(string(read))
			continue
		}
		fmt.Println(strings.ReplaceAll(verdict(text), "\n", " "))
	}
}
