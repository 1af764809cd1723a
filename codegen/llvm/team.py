"""What the threads of a run do, in LLVM IR: the main thread goes through the program, the others take parts of phases.

A phase is the body of an `scf.parallel`: a function of what it captures and of the number of a part. The main thread
publishes it (`rv.parallel`), does part 0, then whatever parts nobody has begun, and waits for those at work. It looks
for a moment whether they are done (`GRACE`) before it tries to take them: that would take the line of the cache away
from who is at work. Another thread (`ranvier_work`) looks for phases and does the part of its own number, if that is
still to be had. So nobody ever waits for a thread that the machine does not run: on a machine that is busy otherwise
the main thread does what it would do alone, and a process that was forked goes on without the threads that it has lost.

Whoever waits looks for a while (`LOOKS`; the main thread as long as it was at work itself, `FAIR`), then sleeps
(`futex`). Before it does, it says so, and looks once more: the one who has what it waits for writes first and looks for
sleepers then, so that one of the two sees the other.

A part is taken by raising the number of the phase in its word: only the first finds it lower. Function and arguments
are read after that; they stay until all parts of the phase are done, which the taken one is not.

Waking costs a system call. Where nobody comes in time, the main thread wakes nobody for a while, longer each time
(`LONGEST`); those who are awake help anyway. Where the system stops a thread within a part, so that the main thread has
to sleep, or few come to help, it works alone for a multiple of that time (`DOUBT`): on a machine that is busy otherwise
several threads then lose little of what one would have done.
"""

from __future__ import annotations

from ranvier.codegen.target import Target
from ranvier.ir.team import (
    ARGUMENTS,
    ASLEEP,
    BUSY,
    CODE,
    HELPS,
    LEAVE,
    LINE,
    MEASURES,
    PART,
    PARTS,
    PAUSE,
    PHASE,
    PLATFORMS,
    SEEN,
    SINCE,
    SKIP,
    TIMES,
    UNTIL,
    WAITING,
)

PARALLEL, IN_TURN, IDLE = "rv.parallel", "rv.in_turn", "idle"
"""What the main thread calls for a phase; the same in a program without threads; further threads that do nothing."""

LOOKS, PATIENCE, HASTE = 1500, 10_000, 100
"""How often the main thread looks for parts that are at work before it sleeps, and others for the next phase, at most
and at least: some tens, some hundreds, some few microseconds.

A phase may take so long, and what comes between two. Those who have slept look half as long the next time, those who
have found something twice as long: where the main thread does not run, looking takes the time from it.
"""

GRACE, EAGER = 200, 200
"""How often the main thread looks whether a part is done before it looks whether anybody has begun it; how often
somebody looks again at once, before the looks between which others get the processor. Less than a microsecond."""

FAIR = 2_000_000
"""For at most so many nanoseconds more the main thread looks for parts that are at work: parts are not equal, so each
may take twice as long as what the main thread did.
"""

SHORTEST, LONGEST = 50_000, 2_000_000
"""Nanoseconds for which nobody is woken after somebody was, doubled each time until somebody has helped."""

TRIAL, DOUBT = 128, 8
"""In at least half of so many phases somebody has to help; else the main thread works alone for so many times as long
as they took, and likewise as it slept where the system had stopped a thread within a part."""

_WAIT, _WAKE, _ALL = 128, 129, 2**31 - 1
"""The private operations of `futex`: sleep while a word has a value, wake; how many."""

_PAUSES = {
    "x86_64": ("declare void @llvm.x86.sse2.pause()", "call void @llvm.x86.sse2.pause()"),
    "aarch64": ("declare void @llvm.aarch64.hint(i32)", "call void @llvm.aarch64.hint(i32 1)"),
}
"""How somebody who looks again and again leaves the processor to others meanwhile."""

CLOCK_TEXT = """\
declare i32 @clock_gettime(i32, ptr)
"""

IN_TURN_TEXT = """\
define internal void @rv.in_turn(ptr %phase, ptr %args, i64 %parts) {
entry:
  br label %head
head:
  %p = phi i64 [ 0, %entry ], [ %next, %body ]
  %more = icmp slt i64 %p, %parts
  br i1 %more, label %body, label %done
body:
  call void %phase(ptr %args, i64 %p)
  %next = add nsw i64 %p, 1
  br label %head
done:
  ret void
}
"""

IDLE_TEXT = """\
define void @ranvier_work(ptr %team, i64 %number) {
  ret void
}
"""


def definitions(target: Target) -> str:
    """Returns the text of `rv.parallel` and `ranvier_work`."""
    architecture = target.triple.partition("-")[0]
    declared, pause = _PAUSES.get(architecture, ("", 'fence syncscope("singlethread") seq_cst'))
    numbers = {
        "@PHASE@": PHASE, "@CODE@": CODE, "@ARGUMENTS@": ARGUMENTS, "@LEAVE@": LEAVE, "@ASLEEP@": ASLEEP,
        "@WAITING@": WAITING, "@REST@": PAUSE, "@SKIP@": SKIP, "@UNTIL@": UNTIL, "@PARTS@": PARTS, "@LINE@": LINE,
        "@PART@": PART, "@GRACE@": GRACE, "@EAGER@": EAGER,
        "@LOOKS@": LOOKS, "@FAIR@": FAIR, "@PATIENCE@": PATIENCE, "@HASTE@": HASTE, "@SHORTEST@": SHORTEST,
        "@LONGEST@": LONGEST, "@DOUBT@": DOUBT, "@TRIAL@": TRIAL, "@SINCE@": SINCE, "@SEEN@": SEEN, "@HELPS@": HELPS,
        "@MEASURES@": MEASURES, "@BUSY@": BUSY, "@TIMES@": TIMES,
        "@FUTEX@": PLATFORMS[architecture], "@WAIT@": _WAIT, "@WAKE@": _WAKE, "@ALL@": _ALL,
    }  # fmt: skip
    text = _TEXT.replace("@PAUSE@", pause)
    for name, number in numbers.items():
        text = text.replace(name, str(number))
    return "\n".join([declared, text])


_TEXT = """\
declare i64 @syscall(i64, ...)

define internal i64 @rv.now() {
entry:
  %time = alloca [2 x i64], align 8
  call i32 @clock_gettime(i32 1, ptr %time)
  %seconds = load i64, ptr %time
  %rest.at = getelementptr inbounds i64, ptr %time, i64 1
  %rest = load i64, ptr %rest.at
  %whole = mul nsw i64 %seconds, 1000000000
  %now = add nsw i64 %whole, %rest
  ret i64 %now
}

define internal void @rv.publish(ptr %team, i64 %number, i1 %surely) {
entry:
  %phase = getelementptr inbounds i64, ptr %team, i64 @PHASE@
  %asleep = getelementptr inbounds i64, ptr %team, i64 @ASLEEP@
  %skip = getelementptr inbounds i64, ptr %team, i64 @SKIP@
  %pause.at = getelementptr inbounds i64, ptr %team, i64 @REST@
  store atomic i64 %number, ptr %phase seq_cst, align 8
  %sleeper = load atomic i64, ptr %asleep seq_cst, align 8
  %nobody = icmp eq i64 %sleeper, 0
  br i1 %nobody, label %done, label %consider
consider:
  %now = call i64 @rv.now()
  %next = load i64, ptr %skip
  %over = icmp sge i64 %now, %next
  %wanted = or i1 %over, %surely
  br i1 %wanted, label %wake, label %done
wake:
  store atomic i64 0, ptr %asleep seq_cst, align 8
  %pause = load i64, ptr %pause.at
  %double = shl nuw nsw i64 %pause, 1
  %least = call i64 @llvm.smax.i64(i64 %double, i64 @SHORTEST@)
  %longer = call i64 @llvm.smin.i64(i64 %least, i64 @LONGEST@)
  %later = add nsw i64 %now, %longer
  store i64 %longer, ptr %pause.at
  store i64 %later, ptr %skip
  call i64 (i64, ...) @syscall(i64 @FUTEX@, ptr %phase, i64 @WAKE@, i64 @ALL@, ptr null, ptr null, i64 0)
  br label %done
done:
  ret void
}

define internal void @rv.measure(ptr %team, i64 %number, i64 %began) {
entry:
  %now = call i64 @rv.now()
  %words = getelementptr inbounds i64, ptr %team, i64 @PARTS@
  %word = mul nsw i64 %number, @PART@
  %own = getelementptr inbounds i64, ptr %words, i64 %word
  %busy.at = getelementptr inbounds i64, ptr %own, i64 @BUSY@
  %times.at = getelementptr inbounds i64, ptr %own, i64 @TIMES@
  %busy = load i64, ptr %busy.at
  %times = load i64, ptr %times.at
  %span = sub nsw i64 %now, %began
  %busy.next = add nsw i64 %busy, %span
  %times.next = add nsw i64 %times, 1
  store i64 %busy.next, ptr %busy.at
  store i64 %times.next, ptr %times.at
  ret void
}

define internal void @rv.parallel(ptr %team, ptr %code, ptr %args, i64 %parts) noinline {
entry:
  %alone = icmp slt i64 %parts, 2
  br i1 %alone, label %single, label %choose
single:
  call void %code(ptr %args, i64 0)
  ret void
choose:
  %until.at = getelementptr inbounds i64, ptr %team, i64 @UNTIL@
  %until = load i64, ptr %until.at
  %confident = icmp eq i64 %until, 0
  br i1 %confident, label %several, label %check
check:
  %today = call i64 @rv.now()
  %still = icmp slt i64 %today, %until
  br i1 %still, label %turns, label %forgive
forgive:
  store i64 0, ptr %until.at
  br label %several
turns:
  %turn = phi i64 [ 0, %check ], [ %turn.next, %turns ]
  call void %code(ptr %args, i64 %turn)
  %turn.next = add nuw nsw i64 %turn, 1
  %turn.more = icmp slt i64 %turn.next, %parts
  br i1 %turn.more, label %turns, label %done
several:
  %phase.at = getelementptr inbounds i64, ptr %team, i64 @PHASE@
  %code.at = getelementptr inbounds i64, ptr %team, i64 @CODE@
  %args.at = getelementptr inbounds i64, ptr %team, i64 @ARGUMENTS@
  %waiting = getelementptr inbounds i64, ptr %team, i64 @WAITING@
  %words = getelementptr inbounds i64, ptr %team, i64 @PARTS@
  %last = load i64, ptr %phase.at
  %phase = add i64 %last, 1
  store ptr %code, ptr %code.at
  store ptr %args, ptr %args.at
  call void @rv.publish(ptr %team, i64 %phase, i1 false)
  %start = call i64 @rv.now()
  call void %code(ptr %args, i64 0)
  %measures.at = getelementptr inbounds i64, ptr %team, i64 @MEASURES@
  %measures = load i64, ptr %measures.at
  %is.silent = icmp eq i64 %measures, 0
  br i1 %is.silent, label %offer.all, label %note.own
note.own:
  call void @rv.measure(ptr %team, i64 0, i64 %start)
  br label %offer.all
offer.all:
  br label %offer
offer:
  %p = phi i64 [ 1, %offer.all ], [ %p.next, %offered ]
  %helped = phi i1 [ false, %offer.all ], [ %helped.next, %offered ]
  %grace = phi i64 [ @GRACE@, %offer.all ], [ %grace.next, %offered ]
  %p.word = mul nuw nsw i64 %p, @PART@
  %p.taken = getelementptr inbounds i64, ptr %words, i64 %p.word
  %p.done = getelementptr inbounds i64, ptr %p.taken, i64 @LINE@
  br label %hope
hope:
  %hopes = phi i64 [ 0, %offer ], [ %hopes.next, %hope.again ]
  %p.state = load atomic i64, ptr %p.done acquire, align 8
  %p.here = icmp eq i64 %p.state, %phase
  br i1 %p.here, label %offered, label %hope.again
hope.again:
  %hopes.next = add nuw nsw i64 %hopes, 1
  %hopeful = icmp sle i64 %hopes.next, %grace
  br i1 %hopeful, label %hope, label %claim
claim:
  %p.before = atomicrmw max ptr %p.taken, i64 %phase seq_cst, align 8
  %p.free = icmp slt i64 %p.before, %phase
  br i1 %p.free, label %take, label %offered
take:
  call void %code(ptr %args, i64 %p)
  store atomic i64 %phase, ptr %p.done release, align 8
  br label %offered
offered:
  %busy = phi i1 [ true, %hope ], [ true, %claim ], [ false, %take ]
  %grace.next = phi i64 [ %grace, %hope ], [ %grace, %claim ], [ 0, %take ]
  %helped.next = or i1 %helped, %busy
  %p.next = add nuw nsw i64 %p, 1
  %p.more = icmp slt i64 %p.next, %parts
  br i1 %p.more, label %offer, label %note
note:
  %pause.at = getelementptr inbounds i64, ptr %team, i64 @REST@
  %skip.at = getelementptr inbounds i64, ptr %team, i64 @SKIP@
  br i1 %helped.next, label %praise, label %count
praise:
  store i64 0, ptr %pause.at
  store i64 0, ptr %skip.at
  br label %count
count:
  %since.at = getelementptr inbounds i64, ptr %team, i64 @SINCE@
  %seen.at = getelementptr inbounds i64, ptr %team, i64 @SEEN@
  %helps.at = getelementptr inbounds i64, ptr %team, i64 @HELPS@
  %seen = load i64, ptr %seen.at
  %helps = load i64, ptr %helps.at
  %seen.next = add nsw i64 %seen, 1
  %help = zext i1 %helped.next to i64
  %helps.next = add nsw i64 %helps, %help
  store i64 %seen.next, ptr %seen.at
  store i64 %helps.next, ptr %helps.at
  %is.first = icmp eq i64 %seen, 0
  br i1 %is.first, label %begin, label %continue
begin:
  %beginning = call i64 @rv.now()
  store i64 %beginning, ptr %since.at
  br label %await
continue:
  %is.last = icmp sge i64 %seen.next, @TRIAL@
  br i1 %is.last, label %judge, label %await
judge:
  store i64 0, ptr %seen.at
  store i64 0, ptr %helps.at
  %often = shl nsw i64 %helps.next, 1
  %well = icmp sge i64 %often, @TRIAL@
  br i1 %well, label %await, label %despair
despair:
  %end = call i64 @rv.now()
  %since = load i64, ptr %since.at
  %span = sub nsw i64 %end, %since
  %alone.for = mul nsw i64 %span, @DOUBT@
  %alone.until = add nsw i64 %end, %alone.for
  store i64 %alone.until, ptr %until.at
  br label %await
await:
  %q = phi i64 [ 1, %begin ], [ 1, %continue ], [ 1, %judge ], [ 1, %despair ], [ %q.next, %arrived ]
  %q.word = mul nuw nsw i64 %q, @PART@
  %q.taken = getelementptr inbounds i64, ptr %words, i64 %q.word
  %q.done = getelementptr inbounds i64, ptr %q.taken, i64 @LINE@
  br label %look
look:
  %looks = phi i64 [ 0, %await ], [ %looks.next, %not.yet ], [ %looks.next, %again ], [ 0, %tire ], [ 0, %allow ]
  %limit = phi i64 [ 0, %await ], [ %limit, %not.yet ], [ %limit, %again ], [ %limit, %tire ], [ %new.limit, %allow ]
  %state = load atomic i64, ptr %q.done acquire, align 8
  %here = icmp eq i64 %state, %phase
  br i1 %here, label %arrived, label %not.yet
not.yet:
  %looks.next = add nuw nsw i64 %looks, 1
  %eager = icmp slt i64 %looks.next, @EAGER@
  br i1 %eager, label %look, label %wait
wait:
  %sober = sub nsw i64 %looks.next, @EAGER@
  %patient = icmp slt i64 %sober, @LOOKS@
  br i1 %patient, label %again, label %tire
again:
  @PAUSE@
  br label %look
tire:
  %fell.asleep = call i64 @rv.now()
  %is.in.time = icmp slt i64 %fell.asleep, %limit
  br i1 %is.in.time, label %look, label %measure
measure:
  %is.measured = icmp ne i64 %limit, 0
  br i1 %is.measured, label %announce, label %allow
allow:
  %own = sub nsw i64 %fell.asleep, %start
  %fair = call i64 @llvm.smin.i64(i64 %own, i64 @FAIR@)
  %new.limit = add nsw i64 %fell.asleep, %fair
  br label %look
announce:
  store atomic i64 1, ptr %waiting seq_cst, align 8
  %state.late = load atomic i64, ptr %q.done seq_cst, align 8
  %here.late = icmp eq i64 %state.late, %phase
  br i1 %here.late, label %awake, label %sleep
sleep:
  call i64 (i64, ...) @syscall(i64 @FUTEX@, ptr %waiting, i64 @WAIT@, i64 1, ptr null, ptr null, i64 0)
  br label %announce
awake:
  store atomic i64 0, ptr %waiting seq_cst, align 8
  %woke.up = call i64 @rv.now()
  %slept = sub nsw i64 %woke.up, %fell.asleep
  %doubt = mul nsw i64 %slept, @DOUBT@
  %trust.at = add nsw i64 %woke.up, %doubt
  store i64 %trust.at, ptr %until.at
  br label %arrived
arrived:
  %q.next = add nuw nsw i64 %q, 1
  %q.more = icmp slt i64 %q.next, %parts
  br i1 %q.more, label %await, label %done
done:
  ret void
}

define void @ranvier_work(ptr noundef nonnull align 64 %team, i64 %number) {
entry:
  %phase.at = getelementptr inbounds i64, ptr %team, i64 @PHASE@
  %code.at = getelementptr inbounds i64, ptr %team, i64 @CODE@
  %args.at = getelementptr inbounds i64, ptr %team, i64 @ARGUMENTS@
  %leave.at = getelementptr inbounds i64, ptr %team, i64 @LEAVE@
  %asleep = getelementptr inbounds i64, ptr %team, i64 @ASLEEP@
  %waiting = getelementptr inbounds i64, ptr %team, i64 @WAITING@
  %words = getelementptr inbounds i64, ptr %team, i64 @PARTS@
  %word = mul nsw i64 %number, @PART@
  %taken = getelementptr inbounds i64, ptr %words, i64 %word
  %finished = getelementptr inbounds i64, ptr %taken, i64 @LINE@
  %dismissal = icmp slt i64 %number, 0
  br i1 %dismissal, label %dismiss, label %wait
dismiss:
  store atomic i64 1, ptr %leave.at seq_cst, align 8
  %former = load i64, ptr %phase.at
  %final = add i64 %former, 1
  call void @rv.publish(ptr %team, i64 %final, i1 true)
  ret void
wait:
  %last = phi i64 [ 0, %entry ], [ %phase, %tell ], [ %phase, %rouse ], [ %phase, %look.again ]
  %patience = phi i64 [ @PATIENCE@, %entry ], [ %longer, %tell ], [ %longer, %rouse ], [ %longer, %look.again ]
  br label %look
look:
  %looks = phi i64 [ 0, %wait ], [ %looks.next, %nothing ], [ %looks.next, %again ]
  %more.patience = shl nuw nsw i64 %patience, 1
  %seen = load atomic i64, ptr %phase.at acquire, align 8
  %new = icmp ne i64 %seen, %last
  br i1 %new, label %found, label %nothing
nothing:
  %looks.next = add nuw nsw i64 %looks, 1
  %eager = icmp slt i64 %looks.next, @EAGER@
  br i1 %eager, label %look, label %consider
consider:
  %sober = sub nsw i64 %looks.next, @EAGER@
  %patient = icmp slt i64 %sober, %patience
  br i1 %patient, label %again, label %announce
again:
  @PAUSE@
  br label %look
announce:
  %less = phi i64 [ %patience, %consider ], [ %tired, %sleep ]
  store atomic i64 1, ptr %asleep seq_cst, align 8
  %seen.late = load atomic i64, ptr %phase.at seq_cst, align 8
  %new.late = icmp ne i64 %seen.late, %last
  br i1 %new.late, label %found, label %sleep
sleep:
  %halved = lshr i64 %patience, 1
  %tired = call i64 @llvm.smax.i64(i64 %halved, i64 @HASTE@)
  %half = and i64 %last, 4294967295
  call i64 (i64, ...) @syscall(i64 @FUTEX@, ptr %phase.at, i64 @WAIT@, i64 %half, ptr null, ptr null, i64 0)
  br label %announce
found:
  %phase = phi i64 [ %seen, %look ], [ %seen.late, %announce ]
  %base = phi i64 [ %more.patience, %look ], [ %less, %announce ]
  %longer = call i64 @llvm.smin.i64(i64 %base, i64 @PATIENCE@)
  %going = load atomic i64, ptr %leave.at seq_cst, align 8
  %stays = icmp eq i64 %going, 0
  br i1 %stays, label %look.again, label %gone
look.again:
  %before = atomicrmw max ptr %taken, i64 %phase seq_cst, align 8
  %free = icmp slt i64 %before, %phase
  br i1 %free, label %take, label %wait
take:
  %code = load ptr, ptr %code.at
  %args = load ptr, ptr %args.at
  %measures.at = getelementptr inbounds i64, ptr %team, i64 @MEASURES@
  %measures = load i64, ptr %measures.at
  %is.silent = icmp eq i64 %measures, 0
  br i1 %is.silent, label %do, label %time
do:
  call void %code(ptr %args, i64 %number)
  br label %finish
time:
  %began = call i64 @rv.now()
  call void %code(ptr %args, i64 %number)
  call void @rv.measure(ptr %team, i64 %number, i64 %began)
  br label %finish
finish:
  store atomic i64 %phase, ptr %finished seq_cst, align 8
  %sleeper = load atomic i64, ptr %waiting seq_cst, align 8
  %watched = icmp ne i64 %sleeper, 0
  br i1 %watched, label %rouse, label %tell
rouse:
  store atomic i64 0, ptr %waiting seq_cst, align 8
  call i64 (i64, ...) @syscall(i64 @FUTEX@, ptr %waiting, i64 @WAKE@, i64 1, ptr null, ptr null, i64 0)
  br label %wait
tell:
  br label %wait
gone:
  ret void
}
"""
