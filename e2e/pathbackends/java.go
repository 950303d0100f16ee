package pathbackends

import "path/filepath"

// StartJava starts the Java backends: Tomcat and Jetty, each as it comes and
// with its checks of the path turned off, Spring MVC with both of its matchers
// on Tomcat, Undertow's servlets and its path handler, and the JDK's own
// server. Temporary files go to temp.
func StartJava(temp string) (*Family, error) {
	java, err := lookPath("java", "a JDK, 17 or newer")
	if err != nil {
		return nil, err
	}
	maven, err := lookPath("mvn", "Maven 3.8 or newer")
	if err != nil {
		return nil, err
	}
	dir, err := built("java", func(dir string) error {
		return run(dir, maven, "--batch-mode", "--quiet", "compile",
			"dependency:copy-dependencies", "-DoutputDirectory="+filepath.Join(dir, "lib"))
	})
	if err != nil {
		return nil, err
	}
	return startProcess("java", command{
		path: java,
		args: []string{
			// The servers live for seconds: the second compiler costs more than it brings.
			"-XX:TieredStopAtLevel=1", "-Xmx256m", "-Djava.io.tmpdir=" + temp,
			// The JDK's server writes head and body apart: 40 ms an answer without this.
			"-Dsun.net.httpserver.nodelay=true",
			"-cp", filepath.Join(dir, "target", "classes") + ":" + filepath.Join(dir, "lib", "*"),
			"pathbackends.Main",
		},
	})
}
