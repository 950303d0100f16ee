package pathbackends

// The words of the corpus: how a separator, a step upwards and the name of a
// protected area can be written so that one reader takes them for that and
// another does not.

// separators are spellings that some reader takes for a slash, and a slash
// with something beside it that some reader drops.
var separators = []string{
	"/", "//", "///", "/./", "/.//", "/;/", "/;a=b/", ";/", ";a=b/", "/%20/",
	"%2f", "%2F", "%2f%2f", "/%2f", "%2f/", "%2f.%2f",
	"\\", "\\\\", "/\\", "\\/", "%5c", "%5C", "/%5c", "%5c/", "%5c%5c",
	"%252f", "%252F", "%255c", "%25252f", "%25%32%66", "%%32%66", "%2%66", "%25255c",
	"%c0%af", "%c0%2f", "%e0%80%af", "%f0%80%80%af", "%f8%80%80%80%af", "%c1%9c", "%c0%5c", "\xc0\xaf",
	"%u2215", "%u002f", "%uff0f", "%u2044", "%u005c", "%25u002f",
	"%ef%bc%8f", "%e2%88%95", "%e2%81%84", "%ef%bc%bc", "%e2%a7%b5", "\uff0f", "\u2215",
	"%00/", "/%00", "/%00/", "%0a/", "/%0a", "%0d%0a/", "%09/", "/%09", "%0b/", "%7f/", "%85/",
	"%3b/", "%3b%2f", "/%3b/", "%3f/", "%23/", "?/", "#/", "/#/", "%2c/", "%20/", "+/", "%26/", "%3d/",
	"%c2%a0/", "%e2%80%8b/", "%ef%bb%bf/", "%ff/", "%c2%85/",
	"\t/", "\x00/", "\x01/", "\x7f/", " /",
}

// steps are spellings that some reader takes for "..", the step to the parent.
var steps = []string{
	"..", "%2e%2e", "%2E%2E", ".%2e", "%2e.", "%2E.",
	"%252e%252e", "%252E.", ".%252e", "%25252e%25252e", "%%32%65%%32%65", "%25%32%65%25%32%65",
	"..;", "..;a=b", "%2e%2e;", "%2e%2e;a", "..%3b", "..%3ba=b", "..%253b", ";..", ";a/..", ".;.", ".;/..", "..;;", "..;/.",
	"..%00", "%00..", ".%00.", "..%2500", "..%20", "..%2520", ".. ", "%20..", "..+", "..%09", "..%0a", "..%0d", "..%0d%0a", ".%0a.", ".%09.", "..%0b", "..%7f", "..\t", "..\x7f",
	"...", "....", ".....", "...;", "..%2e", "../.", "./..", "..././", "....//..",
	"%c0%ae%c0%ae", "%c0%2e%c0%2e", "%e0%80%ae%e0%80%ae", "%f0%80%80%ae%f0%80%80%ae", "%c0%ae.", ".%c0%ae", "\xc0\xae\xc0\xae", "%25c0%25ae%25c0%25ae",
	"%u002e%u002e", "%uff0e%uff0e", "%u002e.", "%25u002e%25u002e",
	"%ef%bc%8e%ef%bc%8e", "%e2%80%a4%e2%80%a4", "%e2%80%a5", "%ef%bc%8e.", "\uff0e\uff0e", "\u2025",
	"..%ff", "..%c2%a0", "..%e2%80%8b", ".%e2%80%8b.", "..%c2%ad", "..%ef%bb%bf", "..%80", "..%c2",
	"..%5c", "..%5c.", "..%2f.", "%2e%2e%2f.", "..%3f", "..%23", "..%2c", "..,", "..:", "..%3a", "..*", "..'", "..\"", "..|", "..^",
}

// trailers are spellings that some reader drops at the end of a segment.
var trailers = []string{
	"/", "//", "/.", "/./", "/..", "/../admin", ".", "..", "...", "%2e", "%2e%2e", "%252e", ".;", ". ",
	";", ";a", ";a=b", ";/", "%3b", "%3ba=b", "%253b", ";.css", ";/../x", ";%2f", ",", ",a=b", "%2c",
	"%20", "%20%20", "+", "%2520", " ", "%09", "%0a", "%0d", "%0d%0a", "%0b", "%0c", "%1f", "%7f", "%85", "%a0", "%c2%a0", "%e2%80%8b", "%e3%80%80", "%ef%bb%bf", "%ad", "%c2%ad",
	"%00", "%00x", "%00.html", "%2500", "%00/", "%c0%80", "%u0000",
	"\\", "%5c", "%255c", "%2f", "%2f%2f", "%252f", "%c0%af", "%ef%bc%8f",
	"?", "?x", "%3f", "%3fx", "%253f", "#", "#x", "%23", "%23x", "%2523",
	".json", ".html", ".php", ".js", "%2ejson", ".css", "~", "~1", "*", "%2a", "'", "\"", "%22", "|", "%7c", "<", ">", "^", "`", "{}", "[]", "%5b%5d",
	"::$DATA", "%3a%3a$DATA", ":", "%3a", ":$i30:$INDEX_ALLOCATION", "@", "&", "=", "!", "$", "(a)", "%", "%%", "%2", "%zz", "%u", "%25", "%ff", "%c0", "%fe%ff",
	"\t", "\x00", "\x7f", "\xff", "\xc3\xa9", "%c3%a9", "%e9",
}

// letters are spellings of "admin" that some reader takes for it: letters
// encoded, in another case, and letters that fold to the plain ones.
var letters = []string{
	"%61dmin", "a%64min", "%61%64%6d%69%6e", "%2561dmin", "%2561%2564%256d%2569%256e", "%25%36%31dmin", "%%36%31dmin", "%25%2561dmin", "%252561dmin",
	"ADMIN", "Admin", "aDmin", "admiN", "%41DMIN", "%2541dmin", "%41dmin",
	"adm%c4%b1n", "adm%c4%b0n", "adm\u0131n", "%ef%bd%81dmin", "\uff41dmin", "%e1%b5%83dmin", "%c2%aadmin", "%u0061dmin", "%uff41dmin", "%c1%a1dmin", "%e0%81%a1dmin", "%f0%9d%90%9admin", "%e2%93%90dmin", "a%cc%80dmin", "%c3%a0dmin",
	"%00admin", "ad%00min", "ad%0amin", "ad%0dmin", "ad%09min", "ad%0d%0amin", "ad%08min", "ad%7fmin", "ad%c2%admin", "ad%c2%adm%69n", "ad%e2%80%8bmin", "ad%ffmin", "ad%c0%80min", "%20admin", "+admin", "%09admin", "%ef%bb%bfadmin",
	"ad\tmin", "ad\x00min", "ad\xffmin", ".%2fadmin", ".%5cadmin", "%2e%2fadmin", "admin%2f..%2fadmin", "x%2f..%2fadmin", "x/%2e%2e/admin", "x\\..\\admin", ".\\admin", ";/admin", ";a=b/admin", "%3b/admin", ".;/admin", ".;a=b/admin", "x/..;/admin", "x/..;a=b/admin", "x/..%3b/admin", "./admin", "%2e/admin", "%252e/admin", ".%00/admin", "%20/../admin", "admin/../admin", "admin/..%2fadmin", "admin%5c..%5cadmin",
}

// fillers are strings that a random walk puts anywhere in a path.
var fillers = []string{
	"/", "//", "/./", "/../", "..", ".", ";", ";a=b", "%2f", "%5c", "\\", "%2e", "%252e", "%252f", "%255c", "%00", "%0a", "%09", "%20", "+", "%3b", "%3f", "%23", "?", "#",
	"%c0%af", "%c0%ae", "%u002e", "%u002f", "%ef%bc%8f", "%ef%bc%8e", "%e2%80%8b", "%ff", "%", "%25", "%2", "\xc3\xa9", "\"", "|", "é", "x", "/x", "/x/..", "/x/../", "/..;/", "/.;/", "/%2e%2e/", "%2e%2e%2f", "..%2f", "..%5c", "..\\", "/public", "/health", "/api/v1/auditflow", "/public/..", "%2fpublic",
}
