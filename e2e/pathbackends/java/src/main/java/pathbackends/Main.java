package pathbackends;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The Java backends: one process, one port each.
 *
 * <p>On standard output: "listening NAME ADDRESS" for each server, then "ready". The process ends
 * when its standard input does, so that it never outlives the test that started it.
 */
public final class Main {
    // Kept here: java.util.logging holds its loggers weakly, and a collected one forgets its level.
    private static final Logger ROOT = Logger.getLogger("");

    private Main() {}

    public static void main(String[] args) throws Exception {
        ROOT.setLevel(Level.SEVERE);
        Map<String, Callable<Integer>> servers = new LinkedHashMap<>();
        servers.put("tomcat", () -> TomcatServers.servlets(false));
        servers.put("tomcat-lax", () -> TomcatServers.servlets(true));
        servers.put("spring-mvc", () -> TomcatServers.spring(true, false));
        servers.put("spring-mvc-ant", () -> TomcatServers.spring(true, true));
        servers.put("jetty", () -> JettyServers.start(false));
        servers.put("jetty-lax", () -> JettyServers.start(true));
        servers.put("undertow", UndertowServers::servlets);
        servers.put("undertow-handler", UndertowServers::handlers);
        servers.put("jdk-httpserver", JdkServer::start);
        for (Map.Entry<String, Callable<Integer>> server : servers.entrySet()) {
            System.out.printf("listening %s 127.0.0.1:%d%n", server.getKey(), server.getValue().call());
        }
        System.out.println("ready");
        System.out.flush();
        while (System.in.read() >= 0) {
            // Nothing is said on it: only its end matters.
        }
        System.exit(0);
    }
}
