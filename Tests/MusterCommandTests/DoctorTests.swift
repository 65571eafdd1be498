import ConsoleFixture
import Foundation
import MusterCore
import Testing

@testable import muster

/// `muster doctor`: what it finds, and the command it names.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DoctorTests {
    @Test func whatIsMissingHasACommand() async throws {
        try await withFolder { folder in
            var program = Program.muster
            program.environment["PATH"] = folder
            let outcome = try await program.run([
                "doctor", "engine", "--json", "--state", folder + "/state", "--socket", folder + "/s",
            ])
            #expect(outcome.status == 1)
            let value = try Value(json: outcome.output)
            #expect(value["healthy"] == false)
            #expect(value["packages"].array?.contains("qemu-system-common") == true)
            #expect(value["command"].string?.contains("apt-get install -y --no-install-recommends") == true)
            let findings = value["findings"].array ?? []
            #expect(findings.first { $0["name"] == "qemu-storage-daemon" }?["state"] == "missing")
            #expect(findings.first { $0["name"] == "engine" }?["state"] == "absent")
            #expect(findings.allSatisfy { $0["group"] == "engine" })
        }
    }

    @Test func aRunningEngineIsFound() async throws {
        try await TestConsole.with { console in
            let outcome = try await console.run("doctor", "engine", "--json", "--state", console.folder + "/state")
            let findings = try Value(json: outcome.output)["findings"].array ?? []
            #expect(findings.first { $0["name"] == "engine" }?["state"] == "present")
            #expect(findings.first { $0["name"] == "libraries" }?["state"] == "present")
        }
    }

    @Test func theFenceAgentsOfTheRunningFleetAreLookedAt() async throws {
        try await ServedEngine.with { engine in
            let fleet = """
                host "node1" { mac = "52:54:00:77:00:01", fence = { agent "fence_ipmilan" { ip = "127.0.0.9" }, agent "fence_of_no_package" { ip = "127.0.0.9" } } }
                """
            let applied = try await engine.muster.run(["apply", try engine.file("fleet.lua", fleet), "--socket", engine.socket])
            try #require(applied.status == 0, "\(applied.errors)")
            let outcome = try await engine.muster.run(["doctor", "engine", "--json", "--socket", engine.socket])
            let value = try Value(json: outcome.output)
            let findings = value["findings"].array ?? []
            #expect(findings.first { $0["name"] == "fence_ipmilan" }?["state"] == "present", "apt-get install fence-agents")
            #expect(findings.first { $0["name"] == "fence_of_no_package" }?["state"] == "missing")
            #expect(value["packages"].array?.contains("fence-agents") == true)
        }
    }

    @Test func aFleetWithVirtualMachinesMissesADriverForThem() {
        let guests = EngineChecks.hypervisors(3)
        #expect(guests.map(\.state) == [.missing] && guests[0].detail.contains("3 virtual machines") && guests[0].remedy != nil)
        #expect(EngineChecks.hypervisors(0).isEmpty)
    }

    @Test func aFenceAgentThatIsNotThereIsMissing() {
        let missing = EngineChecks.agent("fence_of_no_package")
        #expect(missing.state == .missing && missing.package == "fence-agents")
        #expect(EngineChecks.agent("fence_xvm_of_none").detail.contains("fence_xvm_of_none"))
        let unfit = EngineChecks.agent("fence_scsi")
        #expect(unfit.state == .missing && unfit.package == nil && unfit.remedy != nil)
    }

    @Test func bothGroupsAreShown() async throws {
        let output = try await Program.muster.run(["doctor"]).output
        #expect(output.contains("to run the engine\n"))
        #expect(output.contains("to run the lab\n"))
        #expect(output.contains("KVM"))
    }

    @Test func theCommandNamesEachPackageOnce() {
        let findings = [
            Finding(group: .engine, name: "a", state: .missing, detail: "", package: "ipxe"),
            Finding(group: .lab, name: "b", state: .missing, detail: "", package: "ipxe"),
            Finding(group: .lab, name: "c", state: .missing, detail: "", package: "busybox-static"),
            Finding(group: .lab, name: "d", state: .absent, detail: "", package: "never"),
            Finding(group: .lab, name: "e", state: .missing, detail: "", remedy: "no package helps"),
        ]
        let diagnosis = Diagnosis(findings: findings, isRoot: false)
        #expect(diagnosis.command == "sudo apt-get install -y --no-install-recommends busybox-static ipxe")
        #expect(!diagnosis.isHealthy)
        #expect(Diagnosis(findings: [findings[3]], isRoot: true).isHealthy)
        #expect(Diagnosis(findings: [findings[4]], isRoot: true).command == nil)
    }
}
