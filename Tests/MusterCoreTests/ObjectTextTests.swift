import Foundation
import MusterCore
import Testing

@Suite struct ObjectTextTests {
    private func check<Object: Codable & Equatable>(_ object: Object) throws {
        var bytes = Array("before".utf8)
        try ObjectText.write(object, into: &bytes)
        #expect(bytes.starts(with: "before".utf8))
        let text = Data(bytes.dropFirst(6))
        #expect(try JSONDecoder.canonical().decode(Object.self, from: text) == object, "\(String(decoding: text, as: UTF8.self))")
        // What people compare and other programs read: the same document as the slow way writes.
        #expect(try Value(json: String(decoding: text, as: UTF8.self)) == Value(encoding: object))
    }

    @Test func whatTheStoreKeepsReadsBackTheSame() throws {
        let at = Timestamp(milliseconds: 1_700_000_000_000)
        var run = Run(
            id: RunID(7), hook: HookID("failover#1"), key: "nöde \"1\"\n", cause: .event(EventID(3)), code: "abc", status: .running, at: at,
            argument: ["$type": "event", "list": [1, 2.5, nil, [:]], "text": "\u{1}\\"], seed: -42)
        run.servers = [ServerID("shop"), ServerID("mail")]
        run.error = MusterError(.bmcSilent, "silent", hint: "look", place: "a.lua:1")
        run.reserved = Run.Reserved(resources: [ResourceID("node1")], priority: 3)
        run.cancel = .ordered
        try check(run)
        for cause: Run.Cause in [.timer(4), .script(operatorName: "Ann"), .prompt(operatorName: "")] {
            run.cause = cause
            try check(run)
        }
        try check(
            Event(id: EventID(1), at: at, name: "resource.failed", resource: ResourceID("node1"), incarnation: 3, data: ["silence": 10_000])
        )
        try check(Event(id: EventID(2), at: at, name: "engine.started"))
        try check(CodeBundle(hash: "abc", main: "failover.lua", sources: ["failover.lua": "-- ünïcode\n", "muster.recover": ""]))
        try check(Settings())
        let mac = try #require(MACAddress("52:54:00:77:00:01"))
        var resource = Resource(id: ResourceID("node1"), macs: [mac], address: IPv4Address("10.77.0.11"), tags: ["a", "b"])
        resource.boot = BootGrant(token: "t", epoch: Epoch(3))
        resource.bmc = BMC(address: "10.0.0.1", user: "admin", passwordSecret: nil)
        try check(resource)
        try check(Claim(epoch: Epoch(7), server: ServerID("shop"), image: ImageID("shop"), resource: ResourceID("node1"), at: at))
    }

    @Test func emptyAndNestedListsAndObjectsAreClosed() throws {
        try check([[1, 2], [], [3]] as [[Int]])
        try check(["a": ["b": [] as [String]], "c": [:]] as [String: [String: [String]]])
        try check([1, nil, 3] as [Int?])
        try check([true, false])
        try check([UInt8(255)])
    }
}
