import MusterCore
import MusterEngine
import Testing

/// Heartbeats end below the engine; only silence and return come out.
@Suite struct HeartbeatTrackerTests {
    private let node = ResourceID("node1")

    private func word(_ number: UInt8 = 1, token: String = "t", boot: String = "b", epoch: Epoch? = Epoch(4), load: Double? = nil)
        -> Heartbeat
    {
        let mac = MACAddress(octets: [0x52, 0x54, 0, 0, 0, number])!  // six octets
        return Heartbeat(mac: mac, token: token, bootID: boot, epoch: epoch, load: load)
    }

    private func at(_ milliseconds: Int64) -> Moment { Moment(milliseconds: milliseconds) }

    /// A tracker that has learned node1's word at 1 s.
    private func knowing() -> HeartbeatTracker {
        var tracker = HeartbeatTracker()
        tracker.learn(word(), of: node, at: at(1_000), tracker.ticket)
        return tracker
    }

    @Test func onlyTheSameWordIsAnsweredHere() {
        var tracker = HeartbeatTracker()
        #expect(tracker.beat(word(), at: at(0)) == false)
        tracker = knowing()
        #expect(tracker.beat(word(), at: at(2_000)) == true)
        #expect(tracker.lastHeard(node) == at(2_000))
        for other in [word(token: "u"), word(boot: "c"), word(epoch: Epoch(5)), word(epoch: nil), word(2)] {
            #expect(tracker.beat(other, at: at(3_000)) == false)
        }
        #expect(tracker.lastHeard(node) == at(2_000), "what is the engine's to judge is not heard here")
        #expect(tracker.answered == 1)
        #expect(tracker.passedOn == 5)
    }

    @Test func whatTheEngineChangedGoesToTheEngine() {
        var tracker = knowing()
        tracker.forget(node)
        #expect(tracker.beat(word(), at: at(2_000)) == false)
        #expect(tracker.lastHeard(node) == at(1_000), "that it was heard stays true")
        tracker.learn(word(), of: node, at: at(2_000), tracker.ticket)
        #expect(tracker.beat(word(), at: at(3_000)) == true)
        tracker.forgetAll()
        #expect(tracker.beat(word(), at: at(4_000)) == false)
    }

    @Test func whatWasForgottenWhileTheEngineAnsweredIsNotLearned() {
        var tracker = knowing()
        var ticket = tracker.ticket
        tracker.forget(node)
        tracker.learn(word(token: "u"), of: node, at: at(2_000), ticket)
        #expect(tracker.beat(word(token: "u"), at: at(2_500)) == false)
        // Also of a machine that was not known before, and when all was forgotten.
        ticket = tracker.ticket
        tracker.forget(ResourceID("node2"))
        tracker.learn(word(2), of: ResourceID("node2"), at: at(3_000), ticket)
        #expect(tracker.beat(word(2), at: at(3_500)) == false)
        ticket = tracker.ticket
        tracker.forgetAll()
        tracker.learn(word(), of: node, at: at(4_000), ticket)
        #expect(tracker.beat(word(), at: at(4_500)) == false)
        // What concerned another machine does not matter.
        ticket = tracker.ticket
        tracker.forget(ResourceID("node3"))
        tracker.learn(word(), of: node, at: at(5_000), ticket)
        #expect(tracker.beat(word(), at: at(5_500)) == true)
    }

    @Test func aMachineThatIsGoneIsNotBroughtBack() {
        var tracker = knowing()
        let ticket = tracker.ticket
        tracker.remove(node)
        #expect(tracker.beat(word(), at: at(2_000)) == false)
        tracker.learn(word(), of: node, at: at(2_000), ticket)
        #expect(tracker.beat(word(), at: at(3_000)) == false)
        #expect(tracker.count == 0)
        // Its place may be another's, which has nothing of it.
        tracker.learn(word(2), of: ResourceID("node2"), at: at(4_000), tracker.ticket)
        #expect(tracker.beat(word(), at: at(5_000)) == false)
        #expect(tracker.beat(word(2), at: at(5_000)) == true)
        #expect(tracker.lastHeard(node) == nil)
    }

    @Test func aCardThatMovedSpeaksForItsNewMachine() {
        var tracker = knowing()
        tracker.learn(word(), of: ResourceID("node2"), at: at(2_000), tracker.ticket)
        #expect(tracker.beat(word(), at: at(3_000)) == true)
        #expect(tracker.lastHeard(ResourceID("node2")) == at(3_000))
        #expect(tracker.lastHeard(node) == at(1_000))
    }

    @Test func anotherCardOfTheSameMachineReplacesTheFirst() {
        var tracker = knowing()
        tracker.learn(word(2), of: node, at: at(2_000), tracker.ticket)
        #expect(tracker.beat(word(2), at: at(3_000)) == true)
        #expect(tracker.beat(word(), at: at(3_000)) == false)
        #expect(tracker.count == 1)
    }

    @Test func silenceComesOutOnceAndReturnGoesToTheEngine() {
        var tracker = knowing()
        #expect(tracker.watch(node, heardSince: at(0)) == true)
        #expect(tracker.nextSilence(after: 3_000) == at(4_000))
        #expect(tracker.beat(word(), at: at(2_000)) == true)
        #expect(tracker.takeSilent(now: at(4_500), after: 3_000, since: at(0)) == [])
        #expect(tracker.watches(node))
        #expect(tracker.takeSilent(now: at(5_000), after: 3_000, since: at(0)) == [Silence(resource: node, lastHeard: at(2_000))])
        #expect(tracker.takeSilent(now: at(60_000), after: 3_000, since: at(0)) == [])
        #expect(!tracker.watches(node))
        #expect(tracker.nextSilence(after: 3_000) == nil)
        #expect(tracker.beat(word(), at: at(61_000)) == false, "it returns: the engine must hear of it")
    }

    @Test func nobodyIsSilentToOneThatDidNotListen() {
        var tracker = knowing()
        #expect(tracker.watch(node, heardSince: at(0)) == true)
        #expect(tracker.takeSilent(now: at(60_000), after: 3_000, since: at(58_000)) == [])
        #expect(tracker.beat(word(), at: at(60_500)) == true, "a stall of the loop costs no turns afterwards")
        #expect(tracker.takeSilent(now: at(61_500), after: 3_000, since: at(58_000)) == [])
    }

    @Test func onlyWhatIsHeardHereIsWatchedHere() {
        var tracker = HeartbeatTracker()
        #expect(tracker.watch(node, heardSince: at(0)) == false)
        tracker = knowing()
        #expect(tracker.watch(node, heardSince: at(1_001)) == false, "heard before: the engine goes on watching")
        tracker.forget(node)
        #expect(tracker.watch(node, heardSince: at(0)) == false, "its next beat is the engine's")
    }

    @Test func whatIsForgottenUnderWatchIsStillMissed() {
        var tracker = knowing()
        #expect(tracker.watch(node, heardSince: at(0)) == true)
        tracker.forget(node)
        #expect(tracker.takeSilent(now: at(4_000), after: 3_000, since: at(0)).map(\.resource) == [node])
    }

    @Test func theSilentComeInTheOrderOfTheirNames() {
        var tracker = HeartbeatTracker()
        for number in [3, 1, 2] as [UInt8] {
            tracker.learn(word(number), of: ResourceID("node\(number)"), at: at(1_000), tracker.ticket)
            #expect(tracker.watch(ResourceID("node\(number)"), heardSince: at(0)) == true)
        }
        #expect(tracker.takeSilent(now: at(9_000), after: 3_000, since: at(0)).map(\.resource.rawValue) == ["node1", "node2", "node3"])
    }

    @Test func aMachineIsLookedAtOncePerSilenceNotPerBeat() {
        var tracker = knowing()
        #expect(tracker.watch(node, heardSince: at(0)) == true)
        for second in Int64(1)...60 {
            #expect(tracker.beat(word(), at: at(1_000 * second)) == true)
            for quarter in Int64(0)...3 {
                #expect(tracker.takeSilent(now: at(1_000 * second + 250 * quarter), after: 3_000, since: at(0)) == [])
            }
        }
        #expect(tracker.looks <= 30, "\(tracker.looks) looks at one machine within a minute")
    }

    @Test func theLoadLastSaidIsKept() {
        var tracker = knowing()
        #expect(tracker.load(of: node) == nil)
        #expect(tracker.beat(word(load: 0.5), at: at(2_000)) == true)
        #expect(tracker.beat(word(), at: at(3_000)) == true)
        #expect(tracker.load(of: node) == LoadObservation(load: 0.5, at: at(2_000)))
        tracker.learn(word(token: "u", load: 0.9), of: node, at: at(4_000), tracker.ticket)
        #expect(tracker.load(of: node) == LoadObservation(load: 0.9, at: at(4_000)))
    }

    @Test func aBeatThatComesLateDoesNotTurnTimeBack() {
        var tracker = knowing()
        #expect(tracker.beat(word(), at: at(500)) == true)
        #expect(tracker.lastHeard(node) == at(1_000))
    }
}
