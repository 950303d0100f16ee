package pathbackends;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.Executors;

/** The JDK's own server, where an application reads the path with java.net.URI. */
final class JdkServer {
    private JdkServer() {}

    static int start() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 128);
        server.setExecutor(Executors.newFixedThreadPool(4, task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        }));
        server.createContext("/", exchange -> {
            URI uri = exchange.getRequestURI();
            String path = uri.getPath() == null ? "" : URI.create("/").resolve(uri).normalize().getPath();
            String reached = "none";
            for (Map.Entry<String, String> area : Areas.ALL.entrySet()) {
                if (path.equals(area.getKey()) || path.startsWith(area.getKey() + "/")) {
                    reached = area.getValue();
                }
            }
            byte[] body = Areas.body(reached);
            exchange.getResponseHeaders().set("X-Reached", reached);
            exchange.sendResponseHeaders(reached.equals("none") ? 404 : 200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        return server.getAddress().getPort();
    }
}
