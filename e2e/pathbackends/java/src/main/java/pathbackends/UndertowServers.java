package pathbackends;

import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpHandler;
import io.undertow.server.handlers.CanonicalPathHandler;
import io.undertow.server.handlers.PathHandler;
import io.undertow.servlet.Servlets;
import io.undertow.servlet.api.DeploymentInfo;
import io.undertow.servlet.api.DeploymentManager;
import io.undertow.servlet.util.ImmediateInstanceFactory;
import io.undertow.util.HttpString;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Map;

/** Undertow with servlets, and with its own path handler. */
final class UndertowServers {
    private UndertowServers() {}

    static int servlets() throws Exception {
        DeploymentInfo deployment = Servlets.deployment()
                .setClassLoader(UndertowServers.class.getClassLoader())
                .setContextPath("/")
                .setDeploymentName("areas");
        for (Map.Entry<String, String> area : Areas.ALL.entrySet()) {
            deployment.addServlet(Servlets.servlet(area.getValue(), Areas.Servlet.class,
                            new ImmediateInstanceFactory<>(new Areas.Servlet(area.getValue())))
                    .addMapping(area.getKey() + "/*"));
        }
        DeploymentManager manager = Servlets.defaultContainer().addDeployment(deployment);
        manager.deploy();
        return start(manager.start());
    }

    static int handlers() {
        PathHandler paths = Handlers.path();
        for (Map.Entry<String, String> area : Areas.ALL.entrySet()) {
            byte[] body = Areas.body(area.getValue());
            paths.addPrefixPath(area.getKey(), exchange -> {
                exchange.getResponseHeaders().put(new HttpString("X-Reached"), area.getValue());
                exchange.getResponseSender().send(ByteBuffer.wrap(body));
            });
        }
        return start(new CanonicalPathHandler(paths));
    }

    private static int start(HttpHandler handler) {
        Undertow undertow = Undertow.builder()
                .addHttpListener(0, "127.0.0.1")
                .setIoThreads(1)
                .setWorkerThreads(4)
                .setServerOption(UndertowOptions.ALLOW_ENCODED_SLASH, true)
                .setServerOption(UndertowOptions.ALLOW_UNESCAPED_CHARACTERS_IN_URL, true)
                .setHandler(handler)
                .build();
        undertow.start();
        return ((InetSocketAddress) undertow.getListenerInfo().get(0).getAddress()).getPort();
    }
}
