import MusterCore
import Testing

@testable import MusterEngine

/// Fences and jobs under way are found by what they are about, and fences when their time comes.
@Suite struct LaddersTests {
    private func id(_ number: Int64) -> LadderID { LadderID(number: number) }

    private func ladder(_ machine: String) -> Ladder {
        let resource = Resource(id: ResourceID(machine), macs: [])
        return Ladder(resource, epoch: Epoch(1), owner: .engine)
    }

    @Test func theFencesOfAMachineAreFoundInTheirOrder() {
        var ladders = Ladders()
        ladders[id(1)] = ladder("node1")
        ladders[id(2)] = ladder("node2")
        ladders[id(3)] = ladder("node1")
        ladders[id(1)]?.isCutting = true
        #expect(ladders.of(ResourceID("node1")).map(\.id) == [id(1), id(3)])
        #expect(ladders.of(ResourceID("node1")).map(\.ladder.isCutting) == [true, false])
        ladders[id(1)] = nil
        #expect(ladders[id(1)] == nil && ladders.of(ResourceID("node1")).map(\.id) == [id(3)])
        #expect(ladders.of(ResourceID("node3")).isEmpty)
    }

    @Test func aFenceIsLookedAtInItsTimeOrWhenItsMachineChanged() {
        var ladders = Ladders()
        for number in 1...3 { ladders[id(Int64(number))] = ladder("node\(number)") }
        ladders.schedule(id(1), at: Moment(milliseconds: 100), eachTurn: false)
        ladders.schedule(id(2), at: Moment(milliseconds: 50), eachTurn: false)
        ladders.schedule(id(3), at: nil, eachTurn: true)
        #expect(ladders.nextLook == Moment(milliseconds: 50))
        var looked = ladders.take(now: Moment(milliseconds: 49))
        #expect(looked == [id(3)])
        looked = ladders.take(now: Moment(milliseconds: 49))
        #expect(looked.isEmpty, "it is looked at again when it is scheduled again")
        ladders.lookSoon(at: ResourceID("node1"))
        looked = ladders.take(now: Moment(milliseconds: 50))
        #expect(looked == [id(1), id(2)])
        #expect(ladders.nextLook == Moment(milliseconds: 100), "a look that came early does not replace the one in time")
        ladders[id(1)] = nil
        #expect(ladders.nextLook == nil)
    }

    @Test func jobsAreFoundByMachineAndByEveryClaimThatTheyTouch() {
        var operations = Operations()
        let image = Image(id: ImageID("shop"), path: "/shop.raw")
        let (read, cut) = (OperationID(number: 1), OperationID(number: 2))
        let bmc = PowerControl.bmc(BMC(address: "bmc1", user: "admin", passwordSecret: "bmc/node1"))
        operations.add(read, .readPower(ResourceID("node1"), bmc, asked: Moment(milliseconds: 0)), .engine)
        operations.add(cut, .cutExport(Epoch(7), image), .ladder(id(4), position: 1))
        #expect(operations.of(ResourceID("node1")).count == 1 && operations.of(ResourceID("node2")).isEmpty)
        #expect(operations.of(Epoch(7)) == [.cutExport(Epoch(7), image)] && operations.of(Epoch(6)).isEmpty)
        #expect(operations.isUnderWay(for: .ladder(id(4), position: 1)) && !operations.isUnderWay(for: .ladder(id(4), position: 0)))
        #expect(operations.all.count { _ in true } == 2)
        #expect(operations.remove(cut)?.owner == .ladder(id(4), position: 1))
        #expect(operations.remove(cut) == nil && operations.of(Epoch(7)).isEmpty)
    }
}
