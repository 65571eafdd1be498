import Foundation
import MusterCore
import MusterEngine
import Testing

@testable import MusterScripting

/// `muster.notify` with a web server and a sendmail that answer as told.
@Suite struct NotifyTests {
    private static let settings = """
        settings {
          allow_http = { "https://hooks.example.org/" }, allow_exec = { "/usr/sbin/sendmail" }, allow_secrets = { "webhook/token" },
        }
        """

    private func outcome(_ script: String, _ recorder: OutsideRecorder, needs: String? = nil) async throws -> (run: Run, scene: Scene) {
        let text = "local notify = require 'muster.notify'\n" + script
        let folder = try HookDirectory(needs.map { ["a.lua": "needs { \($0) } on('user.x', function() \(text) end)"] } ?? [:])
        let scene = try await Scene(hooks: folder.path, http: recorder, programs: recorder)
        try await scene.apply(Self.settings)
        if needs == nil {
            _ = try await scene.scripting.runScript(source: text, file: "s.lua", operatorName: "maria")
        } else {
            try await scene.note("user.x")
        }
        try await scene.run(1_200_000) { $0.world.runs.isEmpty }
        return (try #require(try await scene.store.runs(limit: 1).first), scene)
    }

    @Test(
        arguments: [
            ([503, 0, 200], 3, nil), ([200], 1, nil), ([404], 1, "notify_failed"), ([500], 3, "notify_failed"), ([0], 3, "http_failed"),
            ([429, 204], 2, nil),
        ] as [([Int], Int, MusterError.Code?)])
    func aWebHookIsTriedAgainWhenThatMayHelp(_ statuses: [Int], _ tries: Int, _ code: MusterError.Code?) async throws {
        let recorder = OutsideRecorder(statuses: statuses)
        let (run, scene) = try await outcome(
            "return notify.webhook('https://hooks.example.org/x', { a = 1 }, { headers = { Authorization = { 'Bearer ', secret 'webhook/token' } } }).status",
            recorder)
        #expect(run.error?.code == code, "\(run.error.debugDescription)")
        let sent = recorder.requests.withLock { $0 }
        #expect(sent.count == tries)
        #expect(sent.allSatisfy { $0.request.body == #"{"a":1}"# && $0.headers["authorization"] == "Bearer secret" })
        // The text of the secret is nowhere but in the request.
        let journal = try await scene.store.steps(of: run.id)
        #expect(!"\(journal)\(run)".contains("Bearer secret"))
        #expect(journal.filter { $0.name == "http.post" }.allSatisfy { $0.arguments.last?["repeatable"] == true })
    }

    @Test func theFileMustDeclareWhatItUsesAndTheOperatorAllowIt() async throws {
        let web = "notify.webhook('https://hooks.example.org/x', 'text')"
        let (declared, _) = try await outcome(web, OutsideRecorder(), needs: #""http", "exec""#)
        #expect(declared.status == .done, "\(declared.error.debugDescription)")
        let undeclared = Checker.check(
            hook: .init(
                hash: "", main: "h.lua",
                sources: [
                    "h.lua": "needs { 'http' } on('user.x', function() require('muster.notify').webhook('https://x/', 't') end)",
                    "muster.notify": try String(contentsOfFile: Scene.root + "/stdlib/muster/notify.lua", encoding: .utf8),
                ]))
        #expect(undeclared.contains { $0.severity == .error && $0.hint?.contains(#"needs { "exec", "http" }"#) == true }, "\(undeclared)")
        let elsewhere = OutsideRecorder()
        let (refused, _) = try await outcome("notify.webhook('https://other.example.org/x', 'text')", elsewhere)
        #expect(refused.error?.code == "not_allowed" && refused.error?.hint?.contains("allow_http") == true)
        let (program, _) = try await outcome("notify.mail { to = 'a', subject = 's', text = 't', sendmail = '/bin/sh' }", elsewhere)
        #expect(program.error?.code == "not_allowed" && program.error?.hint?.contains("allow_exec") == true)
        #expect(elsewhere.requests.withLock { $0.isEmpty } && elsewhere.programs.withLock { $0.isEmpty })
    }

    @Test func aMailIsWhatAnotherProgramReads() async throws {
        let recorder = OutsideRecorder(codes: [0])
        let body = "Grüße von node1\n" + String(repeating: "länge ", count: 60) + "\nlast = 1 \n"
        let subject = "node1 ist ausgefallen: Übernahme läuft an, bitte nachsehen — 日本語のテキストもあります"
        let (run, _) = try await outcome(
            "notify.mail { to = { 'maria@example.org', 'root' }, from = 'muster@example.org', subject = \(lua(subject)), text = \(lua(body)) }",
            recorder)
        #expect(run.status == .done, "\(run.error.debugDescription)")
        let request = try #require(recorder.programs.withLock { $0.first })
        #expect(request.program == "/usr/sbin/sendmail")
        #expect(request.arguments == ["-i", "-f", "muster@example.org", "maria@example.org", "root"])
        let mail = try #require(request.input)
        let lines = mail.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.utf8.count <= 78 && $0.utf8.allSatisfy { $0 < 0x80 } })
        let read = try python(
            "import sys,json,email,email.policy; m=email.message_from_binary_file(sys.stdin.buffer,policy=email.policy.default);"
                + "print(json.dumps({'to':m['to'],'from':m['from'],'subject':m['subject'],'text':m.get_content(),'defects':len(m.defects)}))",
            input: mail)
        let value = try Value(json: read)
        #expect(value["to"] == "maria@example.org, root" && value["from"] == "muster@example.org" && value["defects"] == 0)
        #expect(value["subject"].string == subject)
        #expect(value["text"].string?.trimmingCharacters(in: .newlines) == body.trimmingCharacters(in: .newlines))
    }

    @Test func noHeaderAndNoOptionIsSmuggledIn() async throws {
        let recorder = OutsideRecorder(codes: [0])
        for to in ["-oQ/tmp", "a@b\nBcc: x@y", "a b", "a@b,c@d", ""] {
            let (run, _) = try await outcome("notify.mail { to = \(lua(to)), subject = 's', text = 't' }", recorder)
            #expect(run.error?.code == .badArgument, "\(to)")
        }
        #expect(recorder.programs.withLock { $0.isEmpty })
        _ = try await outcome("notify.mail { to = 'a', subject = 'one\\nBcc: x@y', text = 't' }", recorder)
        let head = try #require(recorder.programs.withLock { $0.first?.input?.components(separatedBy: "\n\n").first })
        #expect(head.contains("Subject: one Bcc: x@y\n"))
    }

    @Test(arguments: [([75, 0], 2, nil), ([67], 1, "notify_failed"), ([75], 3, "notify_failed")] as [([Int], Int, MusterError.Code?)])
    func aSendmailThatSaysLaterIsAskedAgain(_ codes: [Int], _ tries: Int, _ code: MusterError.Code?) async throws {
        let recorder = OutsideRecorder(codes: codes)
        let (run, _) = try await outcome("notify.mail { to = 'maria', subject = 's', text = 't' }", recorder)
        #expect(run.error?.code == code && recorder.programs.withLock { $0.count } == tries, "\(run.error.debugDescription)")
    }

    @Test func aVeryLongTextIsCut() async throws {
        let recorder = OutsideRecorder(codes: [0])
        let (run, _) = try await outcome("notify.mail { to = 'maria', subject = ('ä'):rep(400), text = ('ü'):rep(200000) }", recorder)
        #expect(run.status == .done, "\(run.error.debugDescription)")
        #expect(recorder.programs.withLock { $0.first?.input?.hasSuffix("[the rest is cut]") } == true)
    }

    private func lua(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
    }

    private func python(_ program: String, input: String) throws -> String {
        let (process, given, taken) = (Process(), Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", program]
        (process.standardInput, process.standardOutput) = (given, taken)
        try process.run()
        try given.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try given.fileHandleForWriting.close()
        let output = try taken.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "this test reads mail with python3")
        return String(decoding: output, as: UTF8.self)
    }
}
