import MusterCore
import MusterEngine
import Testing

/// Pages in Prometheus' text format, as exporters write them and as nobody should.
@Suite struct PrometheusTests {
    private static let page = """
        # HELP http_requests_in_flight Requests under way.
        # TYPE http_requests_in_flight gauge
        http_requests_in_flight 12
        http_requests_in_flight_total 99
        http_requests_total{method="post",code="200"} 1027 1395066363000
        http_requests_total{method="post",code="400"}    3 1395066363000
        escaped{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find:\\n\\"FILE\\""} 1.458255915e9
        metric_without_timestamp_and_labels 12.47
        spaced { a = "1" , b = "2", } \t 5
        odd{problem="division by zero"} +Inf -3982045
        nothing NaN
        small -0.25
        """

    private func sum(_ metric: String, _ labels: [String: String] = [:], _ page: String = PrometheusTests.page) throws -> Double {
        try PrometheusText.sum(of: metric, labels: labels, in: page)
    }

    @Test func seriesAreFoundByNameAndLabels() throws {
        #expect(try sum("http_requests_in_flight") == 12)
        #expect(try sum("http_requests_total") == 1030)
        #expect(try sum("http_requests_total", ["code": "400"]) == 3)
        #expect(try sum("metric_without_timestamp_and_labels") == 12.47)
        #expect(try sum("spaced", ["a": "1", "b": "2"]) == 5)
        #expect(try sum("small") == -0.25)
        #expect(try sum("escaped", ["path": "C:\\DIR\\FILE.TXT", "error": "Cannot find:\n\"FILE\""]) == 1.458255915e9)
        #expect(try sum("a", [:], "a 1\r\na 2\r\n") == 3)
        #expect(try sum("a", [:], "a{x=\"ü{}\"} 1\n") == 1)
    }

    @Test(arguments: [
        ("nothing", "not a number in line 11"), ("odd", "infinite in line 10"), ("there_is_none", "no series there_is_none"),
        ("http_requests", "no series http_requests"),
    ]) func whatIsNoFiniteNumberIsAnError(_ metric: String, _ words: String) throws {
        let error = try #require(throws: MusterError.self) { try sum(metric) }
        #expect(error.code == "metric_failed")
        #expect(error.message.contains(words), "\(error)")
    }

    @Test(arguments: [
        "m", "m ", "m x", "m 1 x", "m 1 2 3", "m{", "m{a", "m{a=", "m{a=b} 1", "m{a=\"b} 1", "m{a=\"b\\\"} 1", "m{a=\"\\x\"} 1",
        "m{=\"b\"} 1",
        "m{a=\"b\"", "m{a=\"b\" c=\"d\"} 1", "m{a=\"b\",a=\"c\"} 1", "m 0x10", "m 1_000", "m ١", "m 1e999 2", "m nan", "m infinity", "m -",
        "m\u{0} 1",
        "m 1e308\nm 1e308\nm 1e308", "m{a=\"b\"}} 1",
    ]) func aLineThatIsWrongIsAnError(_ line: String) throws {
        let error = try #require(throws: MusterError.self) { try sum("m", [:], "other 1\n" + line + "\n") }
        #expect(error.code == "metric_failed")
    }

    @Test func wrongLinesOfOtherMetricsAreNobodysConcern() throws {
        #expect(try sum("m", [:], "other{{{ x\nmm 1 2 3\n\u{1}\u{2}\nm 4\n") == 4)
    }

    /// Whatever comes, it is a finite number or an error, and it takes no time that anybody would notice.
    @Test func garbageDoesNoHarm() {
        var random = SeededGenerator(seed: 77)
        let parts = [
            "m", "{", "}", "\"", "\\", "=", ",", " ", "\t", "\n", "\r", "1", "-", "+", ".", "e9", "NaN", "Inf", "a", "#", "é", "\u{0}",
            "\u{1F600}", "9223372036854775808",
        ]
        var (numbers, errors) = (0, 0)
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...24, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
            do {
                #expect(try sum("m", Bool.random(using: &random) ? [:] : ["a": "1"], text).isFinite)
                numbers += 1
            } catch let error as MusterError {
                #expect(error.code == "metric_failed")
                errors += 1
            } catch { Issue.record("\(error)") }
        }
        #expect(numbers > 0 && errors > 0)
        var bytes = Array(Self.page.utf8)
        for _ in 0..<5_000 {
            bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
            let page = String(decoding: bytes, as: UTF8.self)
            if let number = try? sum("http_requests_total", [:], page) { #expect(number.isFinite) }
        }
    }

    @Test func itIsReadUnderThePermissionsOfTheOperator() throws {
        var bench = Bench()
        let run = bench.run()
        bench.step(run, "1", "metrics.prometheus", [["url": "http://10.0.0.9/metrics", "metric": "m"]])
        #expect(bench.errorCode(run, "1") == "not_allowed")
        var fleet = FleetDeclaration(file: "f")
        var policy = PolicySettings()
        policy.allowHTTP = [try WebAddress("http://10.0.0.9/")]
        fleet.settings.policy = policy
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        bench.step(run, "2", "metrics.prometheus", [["url": "http://10.0.0.9/metrics", "metric": "m", "labels": ["job": "web"]]])
        guard case .metric(let request)? = bench.operations.last?.operation else {
            Issue.record("nothing was asked: \(String(describing: bench.outcome(run, "2")))")
            return
        }
        #expect(request.page.method == "GET")
        #expect(try request.read(["status": 200, "headers": [:], "body": "m{job=\"web\"} 4\nm{job=\"x\"} 9\n"]) == 4.0)
        let error = try #require(throws: MusterError.self) { try request.read(["status": 500, "headers": [:], "body": ""]) }
        #expect(error.message.contains("status 500"))
        bench.step(run, "3", "metrics.prometheus", [["url": "http://10.0.0.9/metrics", "metric": "no name"]])
        #expect(bench.errorCode(run, "3") == .badArgument)
    }
}
