package kubernetes

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Object is one of Kubernetes' objects.
type Object map[string]any

// Kind is the object's kind.
func (o Object) Kind() string { return o.text("kind") }

// Name is the object's name.
func (o Object) Name() string { return o.child("metadata").text("name") }

// Namespace is the object's namespace; "default" where it names none.
func (o Object) Namespace() string {
	if ns := o.child("metadata").text("namespace"); ns != "" {
		return ns
	}
	return "default"
}

// String says which object it is.
func (o Object) String() string { return o.Kind() + " " + o.Name() }

func (o Object) apiVersion() string { return o.text("apiVersion") }

// Spec is the object's specification; what is set there is set in the object.
func (o Object) Spec() Object { return o.child("spec") }

// child is the object under a name, empty where there is none.
func (o Object) child(names ...string) Object {
	for _, name := range names {
		next, ok := o[name].(map[string]any)
		if !ok {
			return Object{}
		}
		o = next
	}
	return o
}

// list is the list of objects under a name.
func (o Object) list(name string) []Object {
	items, _ := o[name].([]any)
	var list []Object
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			list = append(list, m)
		}
	}
	return list
}

// texts is the list of texts under a name.
func (o Object) texts(name string) []string {
	items, _ := o[name].([]any)
	var list []string
	for _, item := range items {
		list = append(list, fmt.Sprint(item))
	}
	return list
}

func (o Object) text(name string) string {
	s, _ := o[name].(string)
	return s
}

// YAML is the object as a document.
func (o Object) YAML() ([]byte, error) { return yaml.Marshal(map[string]any(o)) }

// Document is an object as a person wrote it.
type Document struct {
	Object Object
	Text   []byte
}

// Documents splits a YAML text into its documents and leaves each as it is
// written.
func Documents(text []byte) ([]Document, error) {
	var list []Document
	for _, part := range strings.Split("\n"+string(text), "\n---") {
		// What follows the dashes on their line is a comment at most.
		if _, rest, ok := strings.Cut(part, "\n"); ok {
			part = rest
		}
		var o map[string]any // whose maps are of the same type, all the way down
		if err := yaml.Unmarshal([]byte(part), &o); err != nil {
			return nil, fmt.Errorf("document %d: %w", len(list)+1, err)
		}
		if o == nil {
			continue // comments at most
		}
		d := Document{Object: o, Text: []byte(part)}
		if d.Object.Kind() == "" || d.Object.Name() == "" {
			return nil, fmt.Errorf("document %d has no kind or no name", len(list)+1)
		}
		list = append(list, d)
	}
	return list, nil
}
