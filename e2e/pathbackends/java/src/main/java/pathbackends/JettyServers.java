package pathbackends;

import java.util.Map;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** Jetty with plain servlets, as it comes and with its checks of the path turned off. */
final class JettyServers {
    private JettyServers() {}

    static int start(boolean lax) throws Exception {
        QueuedThreadPool threads = new QueuedThreadPool(16, 8);
        threads.setDaemon(true);
        Server server = new Server(threads);
        HttpConfiguration configuration = new HttpConfiguration();
        if (lax) {
            configuration.setUriCompliance(UriCompliance.UNSAFE);
        }
        ServerConnector connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(configuration));
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler();
        context.setContextPath("/");
        context.getServletHandler().setDecodeAmbiguousURIs(lax);
        for (Map.Entry<String, String> area : Areas.ALL.entrySet()) {
            context.addServlet(new ServletHolder(area.getValue(), new Areas.Servlet(area.getValue())), area.getKey() + "/*");
        }
        server.setHandler(context);
        server.start();
        return connector.getLocalPort();
    }
}
