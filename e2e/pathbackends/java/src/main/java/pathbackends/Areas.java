package pathbackends;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The four areas that every server here serves, and the answer that names the one reached. */
final class Areas {
    /** Path of the area to its name. An area holds its path and everything below it. */
    static final Map<String, String> ALL = new LinkedHashMap<>();

    static {
        ALL.put("/api/v1/admin", "admin");
        ALL.put("/api/v1/auditflow", "auditflow");
        ALL.put("/public", "public");
        ALL.put("/health", "health");
    }

    private Areas() {}

    static byte[] body(String area) {
        return ("reached: " + area + "\n").getBytes(StandardCharsets.US_ASCII);
    }

    static void answer(HttpServletResponse response, String area) throws IOException {
        response.setContentType("text/plain");
        response.setHeader("X-Reached", area);
        byte[] body = body(area);
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    /** A servlet that stands for one area. */
    static final class Servlet extends HttpServlet {
        private final transient String area;

        Servlet(String area) {
            this.area = area;
        }

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            answer(response, area);
        }
    }
}
