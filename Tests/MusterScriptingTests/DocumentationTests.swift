import Foundation
import MusterEngine
import Testing

/// The documents name what exists.
@Suite struct DocumentationTests {
    private func text(_ path: String) throws -> String { try String(contentsOfFile: Scene.root + "/" + path, encoding: .utf8) }

    @Test func everyCallIsInTheReference() throws {
        let reference = try text("docs/lua.md")
        for name in Effects.names {
            let word = name.split(separator: ".").last.map(String.init) ?? name
            #expect(reference.contains(word), "docs/lua.md does not name \(name)")
        }
    }

    @Test func everyEventIsInTheList() throws {
        let list = try text("docs/events.md")
        let sources = try #require(FileManager.default.enumerator(atPath: URL(fileURLWithPath: Scene.root + "/Sources").resolvingSymlinksInPath().path))
        var found = 0
        for case let path as String in sources where path.hasSuffix(".swift") && (path.hasPrefix("MusterEngine") || path.hasPrefix("muster/") || path.hasPrefix("MusterScripting")) {
            let source = try text("Sources/" + path)
            for match in source.matches(of: /(?:emit|note)\(\s*(?:[^"()]*\?\s*)?"([a-z]+\.[a-z_]+)"/) {
                found += 1
                #expect(list.contains("`\(match.1)`"), "docs/events.md does not name \(match.1), of \(path)")
            }
        }
        #expect(found > 25)
    }
}
