//! The colours that are known, and those that are asked for.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::language::Language;
use super::role::SyntaxSpans;

/// Lines of known colours after which those that were not used since the last time are dropped.
const LINES: usize = 16_000;
/// More lines of one piece of code are not coloured: they would push each other out.
const LONGEST_CODE: usize = 12_000;
/// Lines of a job. A job is what a change of mind has to wait for.
pub(super) const SLICE: usize = 500;
/// Jobs that wait; the oldest are dropped, and asked for again when their code is drawn again.
const MOST_WANTED: usize = 64;
/// The last so many jobs can be continued where they ended.
pub(super) const CHECKPOINTS: usize = 64;

/// A place in code: the language, and the lines before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodePlace(u64);

impl CodePlace {
    pub(in crate::text) fn start(language: &Language) -> Self {
        let mut hasher = DefaultHasher::new();
        language.hash(&mut hasher);
        Self(hasher.finish())
    }

    pub(in crate::text) fn after(self, line: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (self.0, line).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// Lines whose colours are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HighlightJob {
    pub(super) language: Language,
    /// The place before the first line: the start of the code, or the end of an earlier job.
    pub(super) from: CodePlace,
    pub(super) lines: Vec<String>,
    /// The first place whose line is missing; names the job.
    missing: CodePlace,
}

impl HighlightJob {
    /// The places after each line.
    pub(super) fn places(&self) -> Vec<CodePlace> {
        let mut place = self.from;
        let after = |line: &String| {
            place = place.after(line);
            place
        };
        self.lines.iter().map(after).collect()
    }
}

/// The job that is being done.
#[derive(Debug)]
struct RunningJob {
    missing: CodePlace,
    places: Vec<CodePlace>,
}

/// Known colours by place, and the jobs for those that are missing. Bounded.
#[derive(Debug, Default)]
pub struct CodeColours {
    on: bool,
    /// The colours of the line before each place: those used since the last clean-up, and others.
    used: HashMap<CodePlace, SyntaxSpans>,
    aging: HashMap<CodePlace, SyntaxSpans>,
    /// The newest, which is most likely in sight, is the last.
    wanted: Vec<HighlightJob>,
    running: Option<RunningJob>,
    /// The ends of the last jobs: the [`super::Highlighter`] can go on from there.
    ends: VecDeque<CodePlace>,
    /// Counts the results.
    version: u64,
    /// What has been asked for since the last [`Self::take_asked`].
    asked: Vec<CodePlace>,
}

impl CodeColours {
    /// Colours that are asked for from the start.
    #[cfg(test)]
    pub(crate) fn working() -> Self {
        Self {
            on: true,
            ..Self::default()
        }
    }

    /// Nobody asks for colours while this is off.
    pub(in crate::text) fn switch(&mut self, on: bool) {
        self.on = on;
    }

    pub(in crate::text) fn is_on(&self) -> bool {
        self.on
    }

    pub(in crate::text) fn version(&self) -> u64 {
        self.version
    }

    /// Returns what was asked for since the last call.
    pub(in crate::text) fn take_asked(&mut self) -> Vec<CodePlace> {
        std::mem::take(&mut self.asked)
    }

    /// Whether the answer to a question is still to come.
    pub(in crate::text) fn awaits(&self, missing: CodePlace) -> bool {
        self.wanted.iter().any(|job| job.missing == missing)
            || self
                .running
                .as_ref()
                .is_some_and(|job| job.missing == missing)
    }

    /// Returns the colours of the line before `place`.
    pub(in crate::text) fn get(&mut self, place: CodePlace) -> Option<SyntaxSpans> {
        if let Some(spans) = self.used.get(&place) {
            return Some(spans.clone());
        }
        let spans = self.aging.remove(&place)?;
        self.keep(place, spans.clone());
        Some(spans)
    }

    fn keep(&mut self, place: CodePlace, spans: SyntaxSpans) {
        if self.used.len() >= LINES {
            self.aging = std::mem::take(&mut self.used);
        }
        self.used.insert(place, spans);
    }

    /// Returns the colours of as many of the first `lines` of a piece of code as are known, and
    /// asks for the next ones. The lines are safe, and without line ends.
    pub(in crate::text) fn lines<S: AsRef<str>>(
        &mut self,
        language: Option<&Language>,
        lines: &[S],
    ) -> Vec<SyntaxSpans> {
        let mut known = Vec::new();
        let Some(language) = language.filter(|_| self.on) else {
            return known;
        };
        let mut place = CodePlace::start(language);
        for line in lines {
            let next = place.after(line.as_ref());
            let Some(spans) = self.get(next) else { break };
            known.push(spans);
            place = next;
        }
        let line = |at: usize| lines[at].as_ref().to_owned();
        self.ask(language, place, (known.len(), lines.len()), line);
        known
    }

    /// Asks for the lines `known..count` of a piece of code; `place` is that before the first of
    /// them.
    pub(in crate::text) fn ask(
        &mut self,
        language: &Language,
        place: CodePlace,
        (known, count): (usize, usize),
        line: impl FnMut(usize) -> String,
    ) {
        if known >= count.min(LONGEST_CODE) || !self.on {
            return;
        }
        self.asked.push(place);
        let is_running = |job: &RunningJob| job.missing == place;
        if self.running.as_ref().is_some_and(is_running) {
            return;
        }
        let start = CodePlace::start(language);
        let continues = place == start || self.ends.contains(&place);
        let (from, first) = if continues {
            (place, known)
        } else {
            (start, 0)
        };
        self.wanted.retain(|job| job.missing != place);
        self.wanted.push(HighlightJob {
            language: language.clone(),
            from,
            lines: (first..count.min(known + SLICE)).map(line).collect(),
            missing: place,
        });
        if self.wanted.len() > MOST_WANTED {
            self.wanted.remove(0);
        }
    }

    /// Returns the next job, unless one is being done. [`Self::done`] must follow.
    pub fn next_job(&mut self) -> Option<HighlightJob> {
        if self.running.is_some() {
            return None;
        }
        let job = self.wanted.pop()?;
        self.running = Some(RunningJob {
            missing: job.missing,
            places: job.places(),
        });
        Some(job)
    }

    /// Takes the result of the last job; `None` if it failed: its lines stay plain.
    pub fn done(&mut self, result: Option<Vec<SyntaxSpans>>) {
        let Some(job) = self.running.take() else {
            return;
        };
        self.version += 1;
        match (&result, job.places.last()) {
            (Some(_), Some(end)) => {
                self.ends.push_back(*end);
                if self.ends.len() > CHECKPOINTS {
                    self.ends.pop_front();
                }
            }
            // Whoever failed begins anew.
            _ => self.ends.clear(),
        }
        let found = result.unwrap_or_default().into_iter();
        let spans = found.chain(std::iter::repeat_with(|| SyntaxSpans::from([])));
        for (place, spans) in job.places.into_iter().zip(spans) {
            self.aging.remove(&place);
            self.keep(place, spans);
        }
    }
}
