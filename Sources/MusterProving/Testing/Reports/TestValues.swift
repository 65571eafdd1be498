import MusterCore

extension TestResult {
    /// What `muster test --json` says of it.
    public var value: Value {
        var fields: Fields = [
            "file": .string(name.item), "groups": .array(name.groups.map { .string($0) }), "name": .string(name.name),
            "seconds": .double(seconds), "virtual_seconds": .double(Double(virtual) / 1_000),
        ]
        fields["place"] = name.place.map { .string($0) }
        if !output.isEmpty { fields["output"] = .array(output.map { .string($0) }) }
        switch outcome {
        case .passed: fields["outcome"] = "passed"
        case .pending(let reason):
            fields["outcome"] = "pending"
            if !reason.isEmpty { fields["reason"] = .string(reason) }
        case .broken(let error):
            fields["outcome"] = "broken"
            fields["error"] = try? Value(encoding: error)
        case .failed(let failure):
            fields["outcome"] = "failed"
            fields["error"] = try? Value(encoding: failure.error)
            if !failure.others.isEmpty { fields["others"] = .array(failure.others.compactMap { try? Value(encoding: $0) }) }
            fields["story"] = .array(failure.story.map { .string($0) })
        }
        return .object(fields)
    }
}

extension CoveredFile {
    public var value: Value {
        [
            "file": .string(path), "lines": .int(Int64(counts.count)), "executed": .int(Int64(executedCount)),
            "missing": .array(missing.map { .string($0) }),
        ]
    }
}
