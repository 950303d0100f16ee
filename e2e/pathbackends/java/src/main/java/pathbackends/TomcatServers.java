package pathbackends;

import java.nio.file.Files;
import java.util.Map;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.servlet.DispatcherServlet;

/** Tomcat with plain servlets, and with Spring MVC's dispatcher on top. */
final class TomcatServers {
    private TomcatServers() {}

    static int servlets(boolean lax) throws Exception {
        Tomcat tomcat = tomcat(lax);
        Context context = tomcat.addContext("", null);
        for (Map.Entry<String, String> area : Areas.ALL.entrySet()) {
            Tomcat.addServlet(context, area.getValue(), new Areas.Servlet(area.getValue()));
            context.addServletMappingDecoded(area.getKey() + "/*", area.getValue());
        }
        return start(tomcat);
    }

    static int spring(boolean lax, boolean antPaths) throws Exception {
        Tomcat tomcat = tomcat(lax);
        Context context = tomcat.addContext("", null);
        AnnotationConfigWebApplicationContext spring = new AnnotationConfigWebApplicationContext();
        spring.register(antPaths ? SpringRoutes.Ant.class : SpringRoutes.Parsed.class);
        Tomcat.addServlet(context, "spring", new DispatcherServlet(spring)).setLoadOnStartup(1);
        context.addServletMappingDecoded("/", "spring");
        return start(tomcat);
    }

    private static Tomcat tomcat(boolean lax) throws Exception {
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(Files.createTempDirectory("pathbackends").toString());
        Connector connector = new Connector("HTTP/1.1");
        connector.setPort(0);
        connector.setProperty("address", "127.0.0.1");
        connector.setProperty("maxKeepAliveRequests", "-1");
        connector.setProperty("maxThreads", "8");
        if (lax) {
            // The switches that people turn on when a path with %2F or a backslash must come through.
            connector.setEncodedSolidusHandling("decode");
            connector.setEncodedReverseSolidusHandling("decode");
            connector.setAllowBackslash(true);
            connector.setProperty("relaxedPathChars", "<>[\\]^`{|}\"");
            connector.setRejectSuspiciousURIs(false);
        }
        tomcat.setConnector(connector);
        return tomcat;
    }

    private static int start(Tomcat tomcat) throws Exception {
        tomcat.start();
        return tomcat.getConnector().getLocalPort();
    }
}
