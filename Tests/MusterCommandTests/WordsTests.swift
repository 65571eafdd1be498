import MusterCore
import Testing

@testable import muster

/// Values and times as people read them.
@Suite struct WordsTests {
    @Test(arguments: [
        (0, "just now"), (999, "just now"), (-5000, "just now"), (12_000, "12 s ago"), (185_000, "3 min ago"),
        (7_200_000, "2 h ago"), (260_000_000, "3 d ago"),
    ])
    func ages(milliseconds: Int64, words: String) {
        #expect(Times.ago(1_700_000_000_000 - milliseconds, now: 1_700_000_000_000) == words)
    }

    @Test func anotherDayHasItsDate() {
        let now: Int64 = 1_700_000_000_000
        #expect(Times.clock(now, now: now).count == 8)
        #expect(Times.clock(now - 3 * 86_400_000, now: now).count == 19)
    }

    private let node: Value = [Value.typeKey: "resource", "name": "node1", "state": "active", "incarnation": 3]
    private let shop: Value = [Value.typeKey: "server", "name": "shop", "state": "running", "resource": "node1"]

    @Test func snapshotsAreNamedInCalls() {
        #expect(Words.argument(node) == "node1")
        #expect(Words.argument([Value.typeKey: "event", "id": 45, "name": "resource.failed"]) == "event 45 resource.failed")
        #expect(
            Words.argument([Value.typeKey: "claim", "epoch": 7, "server": "shop", "resource": node])
                == "epoch 7: \"shop\" on node1")
    }

    @Test func othersAreWrittenAsInLua() {
        #expect(Words.argument("te\"xt") == #""te\"xt""#)
        #expect(Words.argument(["timeout": "5s", "try": true]) == #"{timeout = "5s", try = true}"#)
        #expect(Words.arguments([["name": "node1", "incarnation": 3], [:]]) == "node1")
        #expect(Words.arguments([["name": "shop"], ["name": "node2", "incarnation": 1]]) == "shop, node2")
        #expect(Words.argument([1, .null, "x"]) == #"{1, nil, "x"}"#)
    }

    @Test func resultsSayMore() {
        #expect(Words.result(node) == "node1 (active)")
        #expect(Words.result(shop) == "shop (running on node1)")
        #expect(Words.result([shop, node]) == "[shop (running on node1), node1 (active)]")
        #expect(Words.result(["kind": "off", "detail": "read off twice", "id": 3]) == "off: read off twice")
        #expect(Words.result("on") == "on")
    }

    @Test func factsOfAnEvent() {
        #expect(Words.facts(["silence": 10_200, "code": "bmc_silent", "operator": .null]) == "code=bmc_silent  silence=10.2 s")
    }

    @Test func anEventIsALine() {
        let event = Event(
            id: EventID(45), at: Timestamp(milliseconds: 1_700_000_000_000), name: "resource.failed",
            resource: ResourceID("node1"),
            data: ["silence": 10_200])
        let line = EventView.line(event, Style(isColoured: false), now: 1_700_000_000_000)
        #expect(line.hasPrefix("   45  "))
        #expect(line.hasSuffix("  resource.failed         node1         silence=10.2 s"))
        let bare = Event(id: EventID(1), at: event.at, name: "engine.started")
        #expect(EventView.line(bare, Style(isColoured: false), now: 1_700_000_000_000).hasSuffix("  engine.started"))
    }

    @Test func anErrorNamesItsPlaceAndItsHint() {
        let error = MusterError(
            .notFound, "there is no server", hint: "look again", place: "x.lua:3", traceback: "x.lua:3\nx.lua:9")
        #expect(
            FailureReport.lines(error, Style(isColoured: false)) == [
                "error: x.lua:3: there is no server [not_found]", "hint: look again", "  x.lua:3", "  x.lua:9",
            ])
    }

    @Test(arguments: [
        ("ser", "local x = ser", ["servers"], ["servers"]),
        ("1", "resources.get \"node-1", ["node-10", "node-11"], ["10", "11"]),
        ("resources.g", "resources.g", ["resources.get"], ["resources.get"]),
        ("x", "y x", ["other"], []),
        ("", "resources.get(\"", ["node1"], ["node1"]),
    ])
    func completionsFitTheWordThatIsReplaced(word: String, line: String, candidates: [String], replacements: [String]) {
        #expect(Replacement.of(word, in: line, by: candidates) == replacements)
    }
}
