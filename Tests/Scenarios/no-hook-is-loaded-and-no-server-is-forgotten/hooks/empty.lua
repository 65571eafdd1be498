--- Reacts to nothing that happens to servers.

on("engine.started", function() log("the engine has started") end)
