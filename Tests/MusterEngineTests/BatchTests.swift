import MusterCore
@testable import MusterEngine
import Testing

@Suite struct BatchTests {
    @Test func aBatchWritesEachObjectsLastStateOnce() {
        func server(_ target: Server.Target) -> Server {
            var server = Server(id: ServerID("shop"), image: ImageID("shop"), memoryMiB: 1)
            server.target = target
            return server
        }
        var step = Step(run: RunID(1), address: "1", name: "log", arguments: [], intended: Timestamp(milliseconds: 1))
        var batch = Batch()
        batch.changes = [.server(server(.running)), .step(step), .resource(Bench.host(1, Bench.mac)), .server(server(.stopped))]
        step.outcome = .value(.null)
        batch.changes += [.step(step), .removeResource(ResourceID("node1"))]
        #expect(batch.coalesced().changes == [.server(server(.stopped)), .step(step), .removeResource(ResourceID("node1"))])
    }
}
