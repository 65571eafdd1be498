import ConsoleFixture
import MusterCore
import Testing

/// `muster lab` where there is no lab; what it does with one is tested with the lab.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LabTests {
    @Test func aLabThatIsDownSaysSo() async throws {
        try await withFolder { folder in
            let place = ["--folder", folder + "/lab"]
            let status = try await Program.muster.run(["lab", "status"] + place)
            #expect(status.status == 0)
            #expect(status.output == "the lab is down: muster lab up\n")
            let value = try Value(json: try await Program.muster.run(["lab", "status", "--json"] + place).output)
            #expect(value["up"] == false)
            #expect(value["folder"].string == folder + "/lab")
        }
    }

    @Test func withoutALabNothingCanBeDoneToIt() async throws {
        try await withFolder { folder in
            let place = ["--folder", folder + "/lab"]
            for command in [["lab", "kill", "node1"] + place, ["lab", "enter"] + place + ["true"]] {
                let outcome = try await Program.muster.run(command)
                #expect(outcome.status == 1, "\(command)")
                #expect(outcome.errors.contains("[lab_down]"))
            }
            let down = try await Program.muster.run(["lab", "down"] + place)
            #expect(down.output == "the lab is down\n")
        }
    }

    @Test(arguments: [["up", "--machines", "0"], ["up", "--memory", "1"], ["kill", "node1", "--how", "gently"]])
    func whatNoLabCanBeIsRefused(arguments: [String]) async throws {
        let outcome = try await Program.muster.run(["lab"] + arguments)
        #expect(outcome.status == 2)
    }
}
