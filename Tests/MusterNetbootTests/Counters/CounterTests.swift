import Logging
import MusterCore
import Synchronization
import Testing

@testable import MusterNetboot

@Suite("Counters") struct CounterTests {
    @Test("the first malformed packet is logged at once, the next ones once a minute with their number") func lines() {
        var log = MalformedLog()
        #expect(log.line(at: .seconds(0)) == nil)
        log.note(.truncated, of: .dhcp)
        #expect(log.line(at: .seconds(0)) == "dropped 1 malformed packet: dhcp truncated 1")
        for _ in 0..<1000 { log.note(.badText, of: .tftp) }
        log.note(.badCookie, of: .dhcp)
        #expect(log.line(at: .seconds(59)) == nil)
        #expect(log.line(at: .seconds(60)) == "dropped 1001 malformed packets: dhcp bad_cookie 1, tftp bad_text 1000")
        #expect(log.line(at: .seconds(200)) == nil)
    }

    @Test("a thousand malformed packets and refusals make one line each") func book() {
        let lines = LineLog()
        let book = CounterBook(time: StoppedTime(), logger: Logger(label: "test") { _ in lines.handler })
        for _ in 0..<1000 {
            book.received(.dhcp)
            book.malformed(.dhcp, .truncated)
            book.ignored(.http, "no_plan", line: "no plan")
            book.ignored(.http, "no_file")
        }
        #expect(lines.all == ["dropped 1 malformed packet: dhcp truncated 1", "no plan"])
        #expect(book.snapshot.dhcp.malformed == ["truncated": 1000] && book.snapshot.dhcp.received == 1000)
        #expect(book.snapshot.http.ignored == ["no_plan": 1000, "no_file": 1000])
    }

    @Test("the snapshot goes through JSON") func codable() throws {
        var counters = BootCounters()
        counters.tftp.malformed["truncated"] = 3
        counters.router.answered = 2
        #expect(try Value(encoding: counters).decode(BootCounters.self) == counters)
    }
}

private struct StoppedTime: TimeSource {
    func now() -> Now { Now(wall: Timestamp(milliseconds: 0), monotonic: .seconds(100)) }
}

/// Keeps what is logged.
final class LineLog: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    var handler: any LogHandler { Handler(log: self) }

    private struct Handler: LogHandler {
        let log: LineLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { log.lines.withLock { $0.append(event.message.description) } }
    }
}
