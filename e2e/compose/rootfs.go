package compose

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// rootfs writes an image's files as a tar archive. The first error stays, and
// what follows it does nothing.
type rootfs struct {
	tar  *tar.Writer
	have map[string]bool
	err  error
}

func newRootfs(w io.Writer) *rootfs {
	return &rootfs{tar: tar.NewWriter(w), have: map[string]bool{}}
}

// close ends the archive and returns the first error.
func (r *rootfs) close() error {
	if r.err != nil {
		return r.err
	}
	return r.tar.Close()
}

// put writes one entry, unless it is there already. Names begin with a slash.
func (r *rootfs) put(h tar.Header, content io.Reader) {
	if r.err != nil || r.have[h.Name] {
		return
	}
	r.have[h.Name] = true
	h.Name = strings.TrimPrefix(h.Name, "/")
	h.Format = tar.FormatPAX
	if r.err = r.tar.WriteHeader(&h); r.err == nil && content != nil {
		_, r.err = io.Copy(r.tar, content)
	}
}

func (r *rootfs) dir(name string, mode int64, uid int) {
	r.put(tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode, Uid: uid}, nil)
}

func (r *rootfs) text(name string, mode int64, text string) {
	r.put(tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(text))}, strings.NewReader(text))
}

func (r *rootfs) link(name, to string) {
	r.put(tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to}, nil)
}

// file writes a file of the machine under a name of the image.
func (r *rootfs) file(name, from string, uid int) {
	if r.err != nil {
		return
	}
	f, err := os.Open(from)
	if err != nil {
		r.err = err
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		r.err = err
		return
	}
	mode := int64(0o644)
	if info.Mode()&0o100 != 0 {
		mode = 0o755
	}
	r.put(tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: info.Size(), Uid: uid}, f)
}

// tree writes a folder of the machine, links followed. skip tells by the path
// within it what to leave out.
func (r *rootfs) tree(name, from string, uid int, skip func(rel string) bool) {
	if r.err != nil {
		return
	}
	r.dir(name, 0o755, uid)
	entries, err := os.ReadDir(from)
	if err != nil {
		r.err = err
		return
	}
	for _, entry := range entries {
		if skip(entry.Name()) {
			continue
		}
		info, err := os.Stat(filepath.Join(from, entry.Name()))
		switch {
		case errors.Is(err, fs.ErrNotExist): // a link to nothing
		case err != nil:
			r.err = err
		case info.IsDir():
			r.tree(name+"/"+entry.Name(), filepath.Join(from, entry.Name()), uid, func(rel string) bool {
				return skip(entry.Name() + "/" + rel)
			})
		case info.Mode().IsRegular():
			r.file(name+"/"+entry.Name(), filepath.Join(from, entry.Name()), uid)
		}
	}
}

// found matches a library in what ldd prints.
var found = regexp.MustCompile(`(?m)(?:=> |^\s+)(/\S+) \(0x`)

// libraries writes the shared libraries that programs or libraries of the
// machine need, each in its own place. Those below the folder except, which
// may be empty, are there already.
func (r *rootfs) libraries(except string, of ...string) {
	if r.err != nil {
		return
	}
	// It fails for a program without any, and names those that are missing:
	// graphics, which nobody here calls.
	out, err := exec.Command("ldd", of...).Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.err = err
		return
	}
	for _, m := range found.FindAllSubmatch(out, -1) {
		if lib := string(m[1]); except == "" || !strings.HasPrefix(lib, except+"/") {
			r.inPlace(lib)
		}
	}
}

// inPlace writes a file of the machine in its own place: below the folder that
// its folder is a link to, if it is one.
func (r *rootfs) inPlace(file string) {
	if r.err != nil {
		return
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		r.err = err
		return
	}
	r.file(filepath.Join(dir, filepath.Base(file)), file, 0)
}

// base writes what every image with a shell has: the links at the root as the
// machine has them, /tmp, names of users and hosts, and programs of the
// machine with their libraries.
func (r *rootfs) base(programs ...string) {
	for _, name := range []string{"/bin", "/sbin", "/lib", "/lib32", "/lib64"} {
		if to, err := os.Readlink(name); err == nil {
			r.link(name, to)
		}
	}
	r.dir("/tmp", 0o1777, 0)
	r.text("/etc/passwd", 0o644, "root:x:0:0::/:/bin/sh\nkeycloak:x:1000:0::/opt/keycloak:/sbin/nologin\n")
	r.text("/etc/nsswitch.conf", 0o644, "hosts: files dns\n")
	for _, name := range programs {
		file, err := find(name)
		if err != nil {
			r.err = errors.Join(r.err, err)
			return
		}
		r.inPlace(file)
		r.libraries("", file)
	}
}

// javaHome is the folder of the Java that Keycloak would take on the machine.
func javaHome() (string, error) {
	java := "java"
	if home := os.Getenv("JAVA_HOME"); home != "" {
		java = filepath.Join(home, "bin", "java")
	}
	out, err := exec.Command(java, "-XshowSettings:properties", "-version").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("java: %w: %s", err, bytes.TrimSpace(out))
	}
	m := regexp.MustCompile(`(?m)^\s*java\.home = (.+)$`).FindSubmatch(out)
	if m == nil {
		return "", fmt.Errorf("java does not say where its home is: %q", out)
	}
	return string(bytes.TrimSpace(m[1])), nil
}

// java writes the machine's Java to /opt/java, without what is for compiling.
func (r *rootfs) java() {
	home, err := javaHome()
	if err != nil {
		r.err = errors.Join(r.err, err)
		return
	}
	r.tree("/opt/java", home, 0, func(rel string) bool {
		switch rel {
		case "jmods", "include", "man", "docs", "legal", "demo", "lib/src.zip", "lib/ct.sym":
			return true
		}
		return false
	})
	programs, err := filepath.Glob(filepath.Join(home, "lib", "*.so"))
	if err != nil {
		r.err = errors.Join(r.err, err)
		return
	}
	r.libraries(home, append(programs, filepath.Join(home, "bin", "java"))...)
}
