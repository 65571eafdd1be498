import Foundation
import MusterCore
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

@testable import MusterProving

/// JUnit's XML, as a real parser reads it.
@Suite struct JUnitTests {
    private final class Reader: NSObject, XMLParserDelegate {
        var elements: [(name: String, attributes: [String: String])] = []
        var texts: [String: String] = [:]
        private var open: [String] = []

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String] = [:]
        ) {
            elements.append((name, attributes))
            open.append(name)
        }
        func parser(_ parser: XMLParser, foundCharacters text: String) { texts[open.last ?? "", default: ""] += text }
        func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) { open.removeLast() }
    }

    @Test func aReaderFindsEverythingInIt() throws {
        let results = try TestFolder.run(
            """
            it("passes", function() end)
            it("fails <&\\">", function() print("printed ]]> \\1\\t") expect("<a>"):to_be "b&c" end)
            pending "later"
            it("is left", function() pending "because" end)
            """)
        let broken = TestResult(name: TestName(item: "b/c_test.lua", name: "(file)"), outcome: .broken(MusterError(.script, "no")))
        let text = JUnit.text([("a_test.lua", results), ("b/c_test.lua", [broken])])
        let reader = Reader()
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = reader
        #expect(parser.parse(), "\(String(describing: parser.parserError))")
        #expect(reader.elements.first?.name == "testsuites")
        #expect(
            reader.elements.first?.attributes.filter { $0.key != "time" } == [
                "name": "muster test", "tests": "5", "failures": "1", "errors": "1", "skipped": "2",
            ])
        let cases = reader.elements.filter { $0.name == "testcase" }.map(\.attributes)
        #expect(cases.map { $0["name"] } == ["passes", "fails <&\">", "later", "is left", "(file)"])
        #expect(cases[1]["line"] == "2")
        #expect(cases[4]["classname"] == "b.c_test")
        for attributes in cases { #expect(Double(attributes["time"] ?? "") != nil) }
        let failure = reader.elements.first { $0.name == "failure" }
        #expect(failure?.attributes["message"] == "expected \"b&c\"\n     got \"<a>\"")
        #expect(failure?.attributes["type"] == "expectation")
        #expect(reader.texts["system-out"] == "printed ]]> \u{FFFD}\t")
        #expect(reader.elements.filter { $0.name == "skipped" }.map { $0.attributes["message"] } == [nil, "because"])
        #expect(reader.elements.contains { $0.name == "error" && $0.attributes["type"] == "script_error" })
    }
}
