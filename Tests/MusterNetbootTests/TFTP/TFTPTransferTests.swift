import MusterCore
import Testing

@testable import MusterNetboot

@Suite("TFTP transfer") struct TFTPTransferTests {
    private func request(_ options: [(String, String)] = []) -> TFTPRequest {
        TFTPRequest(file: "f", mode: "octet", options: options.map { TFTPOption(name: $0.0, value: $0.1) })
    }

    @Test("without options the first block comes at once, and the short one ends it") func plain() {
        var transfer = TFTPTransfer(request(), size: 600)
        #expect(transfer.start(at: .seconds(0)) == [.sendBlock(number: 1, offset: 0, count: 512), .wait(until: .seconds(1))])
        #expect(
            transfer.receive(.acknowledge(block: 1), at: .seconds(1))
                == [.sendBlock(number: 2, offset: 512, count: 88), .wait(until: .seconds(2))])
        #expect(transfer.receive(.acknowledge(block: 2), at: .seconds(1)) == [.finish(.complete)])
        #expect(transfer.receive(.acknowledge(block: 2), at: .seconds(1)) == [])
        #expect(transfer.timeOut(at: .seconds(9)) == [])
    }

    @Test("a size that divides evenly ends with an empty block", arguments: [Int64(0), 512]) func empty(size: Int64) {
        var transfer = TFTPTransfer(request(), size: size)
        var actions = transfer.start(at: .seconds(0))
        if size == 512 { actions = transfer.receive(.acknowledge(block: 1), at: .seconds(0)) }
        #expect(actions.first == .sendBlock(number: UInt16(size / 512 + 1), offset: size, count: 0))
    }

    @Test("options are answered, their answer acknowledged as block 0") func options() {
        var transfer = TFTPTransfer(request([("BLKSIZE", "1024"), ("tsize", "0"), ("timeout", "3"), ("x", "y")]), size: 1500)
        let answer = [
            TFTPOption(name: "BLKSIZE", value: "1024"), TFTPOption(name: "tsize", value: "1500"),
            TFTPOption(name: "timeout", value: "3"),
        ]
        #expect(transfer.start(at: .seconds(0)) == [.send(.options(answer)), .wait(until: .seconds(3))])
        #expect(
            transfer.receive(.acknowledge(block: 0), at: .seconds(0))
                == [.sendBlock(number: 1, offset: 0, count: 1024), .wait(until: .seconds(3))])
    }

    @Test(
        "an option out of bounds is refused by leaving it out",
        arguments: [
            ("blksize", "7"), ("blksize", "65465"), ("blksize", "x"), ("timeout", "0"), ("timeout", "256"), ("windowsize", "4"),
        ])
    func outOfBounds(name: String, value: String) {
        #expect(TFTPNegotiation([TFTPOption(name: name, value: value)], size: 1).accepted.isEmpty)
    }

    @Test("a lost packet is sent again with doubling waits, then the client counts as gone") func silent() {
        var transfer = TFTPTransfer(request(), size: 10)
        var sent = 0
        var now = Moment.seconds(0)
        var actions = transfer.start(at: now)
        var waits: [Int64] = []
        while actions.first == .sendBlock(number: 1, offset: 0, count: 10), case .wait(let until)? = actions.last, sent < 100 {
            sent += 1
            waits.append(until - now)
            now = until
            actions = transfer.timeOut(at: now)
        }
        #expect(actions == [.finish(.silent)])
        #expect(waits == [1000, 2000, 4000, 8000, 8000, 8000])
    }

    @Test("an old acknowledgement sends nothing: no packet is ever doubled by one") func oldAcknowledgement() {
        var transfer = TFTPTransfer(request(), size: 5000)
        _ = transfer.start(at: .seconds(0))
        _ = transfer.receive(.acknowledge(block: 1), at: .seconds(0))
        #expect(transfer.receive(.acknowledge(block: 1), at: .seconds(0)) == [])
        #expect(transfer.receive(.acknowledge(block: 7), at: .seconds(0)) == [])
        #expect(
            transfer.receive(.acknowledge(block: 2), at: .seconds(0)).first == .sendBlock(number: 3, offset: 1024, count: 512))
    }

    @Test("block numbers go on with 0 after 65535") func wraps() {
        var transfer = TFTPTransfer(request([("blksize", "8")]), size: 8 * 70000 + 3)
        _ = transfer.start(at: .seconds(0))
        var actions = transfer.receive(.acknowledge(block: 0), at: .seconds(0))
        var offset: Int64 = 0
        while case .sendBlock(let number, let at, let count)? = actions.first {
            #expect(at == offset && number == UInt16(truncatingIfNeeded: offset / 8 + 1))
            offset += Int64(count)
            actions = transfer.receive(.acknowledge(block: number), at: .seconds(0))
        }
        #expect(offset == 8 * 70000 + 3)
        #expect(actions == [.finish(.complete)])
    }

    @Test("a client's error ends it, another packet too, with an error") func ends() {
        var transfer = TFTPTransfer(request(), size: 10)
        _ = transfer.start(at: .seconds(0))
        var other = transfer
        #expect(transfer.receive(.error(.optionsRefused, ""), at: .seconds(0)) == [.finish(.aborted)])
        let actions = other.receive(.data(block: 1, []), at: .seconds(0))
        #expect(actions.last == .finish(.aborted) && actions.count == 2)
    }
}
