#!/bin/sh
# keeper.sh FOLDER [UNSHARE-OPTION...]: holds the lab's sandbox, and removes the lab's folder when the sandbox has ended.
# It lives in a session of its own; whoever ends the sandbox (its PID 1) ends the lab.

folder=$1
shift
unshare "$@" --net --pid --mount --fork --kill-child=KILL sh "$folder/holder.sh"
cd / && rm -rf "$folder"
