package pathbackends;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.util.AntPathMatcher;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;
import org.springframework.web.servlet.config.annotation.PathMatchConfigurer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** The areas as Spring MVC controllers, matched in Spring's two ways. */
final class SpringRoutes {
    private SpringRoutes() {}

    @RestController
    static class Controller {
        @RequestMapping({"/api/v1/admin", "/api/v1/admin/**"})
        void admin(HttpServletResponse response) throws IOException {
            Areas.answer(response, "admin");
        }

        @RequestMapping({"/api/v1/auditflow", "/api/v1/auditflow/**"})
        void auditflow(HttpServletResponse response) throws IOException {
            Areas.answer(response, "auditflow");
        }

        @RequestMapping({"/public", "/public/**"})
        void open(HttpServletResponse response) throws IOException {
            Areas.answer(response, "public");
        }

        @RequestMapping("/health")
        void health(HttpServletResponse response) throws IOException {
            Areas.answer(response, "health");
        }
    }

    /** Parsed patterns, Spring's default: each segment is cut at its semicolon and decoded by itself. */
    @Configuration
    @EnableWebMvc
    @Import(Controller.class)
    static class Parsed {}

    /** The older way: the whole decoded path against a string pattern, in any case. */
    @Configuration
    @EnableWebMvc
    @Import(Controller.class)
    static class Ant implements WebMvcConfigurer {
        @Override
        @SuppressWarnings("deprecation") // what older applications still run is the point
        public void configurePathMatch(PathMatchConfigurer configurer) {
            AntPathMatcher matcher = new AntPathMatcher();
            matcher.setCaseSensitive(false);
            matcher.setTrimTokens(true);
            configurer.setPatternParser(null).setPathMatcher(matcher).setUseTrailingSlashMatch(true);
        }
    }
}
