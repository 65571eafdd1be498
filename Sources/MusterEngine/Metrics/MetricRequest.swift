import MusterCore

/// A metric to be read from a web page.
public struct MetricRequest: Sendable, Hashable {
    public var page: HTTPRequest
    public var metric: String
    public var labels: [String: String]

    /// What it is in the page that came. Errors: `metric_failed`.
    public func read(_ response: Value) throws(MusterError) -> Value {
        guard response["status"] == 200 else {
            throw MusterError(
                "metric_failed", "\(page.address) answered with status \(response["status"].json)",
                hint: "try it with curl from the engine's host")
        }
        do throws(MusterError) {
            return .double(try PrometheusText.sum(of: metric, labels: labels, in: response["body"].string ?? ""))
        } catch {
            throw MusterError(error.code, "\(page.address): \(error.message)", hint: error.hint)
        }
    }
}

extension Effects {
    static let measures: [(String, Effect)] = [
        (
            "metrics.load",
            .query { engine, call in
                guard let name = call.argument(0).string ?? call.argument(0)["name"].string else {
                    throw MusterError(.badArgument, "metrics.load wants a pool's name or a server", hint: "metrics.load(\"web\")")
                }
                return try engine.meanLoad(of: name).map { .double($0) } ?? .null
            }
        ),
        (
            "metrics.prometheus",
            .operation(.repeat, needs: .http) { engine, call in
                .metric(try call.metricRequest(engine.world.general.settings.policies))
            }
        ),
        (
            "failovers.disarm",
            .change(needs: .servers) { engine, call in
                // What a person decided without an end, or with a later one, holds.
                let end = try engine.end(after: EffectCall.milliseconds(call.argument(0), of: call.step.name), now: call.now)
                let known = engine.world.general.disarmedUntil
                if !engine.world.general.armed, known.map({ $0 >= end }) ?? true { return .null }
                engine.arm(false, until: end, operatorName: "run \(call.run.id) of \(call.run.hook)", now: call.now)
                return .null
            }
        ),
        (
            "failovers.arm",
            .change(needs: .servers) { engine, call in
                if !engine.world.general.armed, engine.world.general.disarmedUntil == nil {
                    throw MusterError(.wrongState, "an operator disarmed failovers without an end", hint: "muster arm")
                }
                engine.arm(true, operatorName: "run \(call.run.id) of \(call.run.hook)", now: call.now)
                return .null
            }
        ),
    ]
}

extension EffectCall {
    /// Errors: `bad_argument`, `not_allowed`.
    fileprivate func metricRequest(_ settings: PolicySettings) throws -> MetricRequest {
        let source = argument(0)
        guard let url = source["url"].string, let metric = source["metric"].string, PrometheusText.isName(metric) else {
            throw MusterError(
                .badArgument, "metrics.prometheus wants an address and a metric's name",
                hint: #"metrics.prometheus { url = "http://10.77.0.100:9100/metrics", metric = "http_requests_in_flight" }"#)
        }
        var options: Fields = ["timeout": source["timeout"].isNull ? "10s" : source["timeout"], "most": .int(8 << 20)]
        options["headers"] = source["headers"].isNull ? nil : source["headers"]
        var call = self
        call.step.arguments = [.string(url), .object(options)]
        let page = try WebCall(call, optionsAt: 1).request("GET", settings)
        let labels = source["labels"].object ?? [:]
        let texts = labels.compactMap { label in label.value.string.map { (label.key, $0) } }
        guard texts.count == labels.count else {
            throw MusterError(.badArgument, "metrics.prometheus: labels are texts by name", hint: "labels = { code = \"200\" }")
        }
        return MetricRequest(page: page, metric: metric, labels: Dictionary(uniqueKeysWithValues: texts))
    }
}
