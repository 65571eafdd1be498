import MusterCore
import Testing

@Suite struct WebAddressTests {
    @Test(arguments: [
        ("https://hooks.example.org/a", "https://hooks.example.org/a"), ("HTTPS://Hooks.Example.ORG", "https://hooks.example.org/"),
        ("http://10.0.0.1:8080?q=1", "http://10.0.0.1:8080/?q=1"), ("https://h:443/x", "https://h/x"),
        ("http://[::1]:81/", "http://[::1]:81/"),
        ("https://h/a%20b?x=..%2f..", "https://h/a%20b?x=..%2f.."),
    ]) func addressesAreRead(_ text: String, _ canonical: String) throws {
        let address = try WebAddress(text)
        #expect(address.description == canonical)
        #expect(try WebAddress(address.description) == address)
        #expect(try Value(encoding: address).decode(WebAddress.self) == address)
    }

    @Test(arguments: [
        "", "hooks.example.org", "file:///etc/passwd", "ftp://h/", "//h/", "https://", "https:///x", "https://user@h/",
        "https://user:pw@h/",
        "https://good.example.org@evil/", "https://h:0/", "https://h:70000/", "https://h:1x/", "https://h:/", "https://h:+1/",
        "https://h /", "https://h/a b",
        "https://h/\n", "https://h\\@evil/", "https://h/a#b", "https://h%2eevil/", "https://hé/", "https://h/../x", "https://h/a/..",
        "https://h/./x",
        "https://h/%2e%2e/x", "https://h/.%2E/x", "https://h/a/..%2fx", "https://h/a%5c..%5cx", "https://h/..;x/y", "https://h/%0d%0aX:1",
        "https://h/%zz",
        "https://h/%2", "https://h/%00",
    ]) func trickyOnesAreRefused(_ text: String) {
        #expect(throws: MusterError.self) { try WebAddress(text) }
    }

    @Test(arguments: [
        ("https://good.example.org/", "https://good.example.org/x/y?z", true),
        ("https://good.example.org", "https://GOOD.example.org:443/", true),
        ("https://good.example.org/", "https://good.example.org.evil/", false),
        ("https://good.example.org/", "http://good.example.org/", false),
        ("https://good.example.org/", "https://good.example.org:8443/", false),
        ("https://good.example.org/", "https://evil.good.example.org/", false),
        ("https://good.example.org/", "https://good.example.org./", false), ("https://h/hooks", "https://h/hooks", true),
        ("https://h/hooks", "https://h/hooks/1", true),
        ("https://h/hooks", "https://h/hooks?x", true), ("https://h/hooks", "https://h/hooksevil", false),
        ("https://h/hooks/", "https://h/hooks", false),
        ("https://h/hooks/", "https://h/Hooks/1", false), ("http://127.0.0.1/", "http://0x7f000001/", false),
        ("http://127.0.0.1/", "http://127.1/", false),
    ]) func onlyWhatLiesUnderItIsAllowed(_ allowed: String, _ asked: String, _ isUnder: Bool) throws {
        #expect(try WebAddress(asked).isUnder(WebAddress(allowed)) == isUnder)
    }
}
