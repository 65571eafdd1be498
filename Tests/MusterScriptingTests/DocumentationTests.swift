import Foundation
import Testing

@testable import MusterScripting

/// The documents name what exists.
@Suite struct DocumentationTests {
    private func text(_ path: String) throws -> String { try String(contentsOfFile: Scene.root + "/" + path, encoding: .utf8) }

    @Test func everythingIsInTheReference() throws {
        let reference = try text("docs/reference.md")
        for call in Schema.calls { #expect(reference.contains("### `\(call.signature)`")) }
        for error in Schema.errors { #expect(reference.contains("| `\(error.code)` |")) }
        let events = try text("docs/events.md")
        for event in Schema.eventList { #expect(events.contains("| `\(event.name)` |")) }
    }

    @Test func theTutorialLeadsToTheReference() throws {
        #expect(try text("docs/lua.md").contains("(reference.md)"))
    }
}
