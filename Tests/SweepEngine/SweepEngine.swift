import Foundation
import MusterCore
import SweepWire
import Synchronization

/// An engine in a process of its own, to be killed. Its argument is `EngineOrders` as JSON. It exits with 0 when the fleet's process is
/// gone, and with 2 when it cannot start.
@main
enum SweepEngine {
    static func main() async {
        guard CommandLine.arguments.count == 2, let orders = try? Value(json: CommandLine.arguments[1]).decode(EngineOrders.self) else {
            fatalError("usage: sweep-engine ORDERS")
        }
        let holder = Holder()
        do {
            let wire = try Wire(descriptor: UnixSocket.connect(orders.socket), onEnd: { exit(0) }) { request, body in
                guard let engine = holder.engine.withLock({ $0 }) else { throw MusterError("early", "the engine has not started") }
                return try await engine.answer(request, body)
            }
            do {
                let started = try await TestEngine(orders, wire)
                holder.engine.withLock { $0 = started }
                _ = try await wire.request("ready")
            } catch {
                _ = try? await wire.request("failed", (try? Value(encoding: error as? MusterError)) ?? .string("\(error)"))
                exit(2)
            }
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(2)
        }
        while true { try? await Task.sleep(for: .seconds(3600)) }
    }

    private final class Holder: Sendable {
        let engine = Mutex<TestEngine?>(nil)
    }
}
