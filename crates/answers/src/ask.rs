//! Answers a question, from its words to the stored turn.

use std::time::{Duration, Instant};

use campanile_accounts::{Caller, WorkspaceId};
use campanile_base::{Error, Result};
use campanile_memory::search::SearchRequest;
use campanile_models::usage::{self, Count, Purpose};
use campanile_models::{MessageRole, ModelError, ModelSettings, Usage};
use serde_json::json;
use tokio::sync::mpsc;

use crate::Answers;
use crate::answer::{Answer, AnswerEvent, AnswerMode, AnswerRequest, AnswerStep, cited};
use crate::extract::{self, NOTHING};
use crate::prompt::{NO_ANSWER, prompt};
use crate::question::{self, Question};
use crate::retrieval::{Found, look};
use crate::sessions::{self, PastTurn};
use crate::verification::{Verified, Verifier, first_sentence};

/// The messages of a conversation.
const MOST_MESSAGES: usize = 20;
/// The wait for a call of the model when as many are made as may be.
const PATIENCE: Duration = Duration::from_secs(1);
/// The pause after a refusal that names none, and the longest that a refusal can ask for.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// An answer under way.
pub struct PendingAnswer {
    /// Its session.
    pub session: String,
    /// Its number in the session.
    pub turn: i64,
    /// Its events. The last one is `done` or `error`. Whoever stops to read does not stop the answer.
    pub events: mpsc::UnboundedReceiver<AnswerEvent>,
}

/// A question with all that was found for it.
struct Task {
    answers: Answers,
    caller: Caller,
    question: Question,
    found: Found,
    earlier: Vec<PastTurn>,
    request_id: String,
    session: String,
    turn: i64,
    began: Instant,
    events: mpsc::UnboundedSender<AnswerEvent>,
}

/// The text of an answer, and its making.
struct Written {
    answered: bool,
    mode: AnswerMode,
    text: String,
    unsupported: usize,
    reason: Option<String>,
    usage: Option<Usage>,
}

/// Asks a question in a workspace. It returns once the passages are found and the turn is stored; the answer
/// comes as events.
///
/// # Errors
/// `Invalid` for a question out of bounds; `NotFound` and `Conflict` for a session that is not the caller's,
/// or is full; `TooMany` when all processors search.
pub async fn ask(
    answers: &Answers,
    caller: &Caller,
    workspace: &WorkspaceId,
    request: AnswerRequest,
    request_id: String,
) -> Result<PendingAnswer> {
    let began = Instant::now();
    let (text, said) = conversation(&request)?;
    let earlier = match &request.session {
        Some(session) => earlier(answers, caller, workspace, session.clone()).await?,
        None => said,
    };
    let before = earlier.last().map(|turn| turn.question.as_str());
    let question = question::read(&text, before, answers.clock.now())?;
    let found = look(answers, &caller.organisation, workspace, &question, request.mode).await?;
    let (session, turn) = {
        let (caller, workspace, now) = (caller.clone(), workspace.clone(), answers.clock.now());
        let (asked, session, request) = (question.text.clone(), request.session.clone(), request_id.clone());
        let begun = answers.db.write(move |tx| {
            Box::pin(async move {
                sessions::begin(tx, &caller, &workspace, session.as_deref(), (&asked, &request), now).await
            })
        });
        begun.await?
    };
    let (events, received) = mpsc::unbounded_channel();
    let task = Task {
        answers: answers.clone(),
        caller: caller.clone(),
        question,
        found,
        earlier,
        request_id,
        session: session.clone(),
        turn,
        began,
        events,
    };
    // A task of its own: the turn ends whether or not its asker still listens.
    tokio::spawn(task.run());
    Ok(PendingAnswer { session, turn, events: received })
}

/// The search that a question leads to, so that its filters can be checked before it is asked.
///
/// # Errors
/// `Invalid` for a question out of bounds.
pub fn search_of(answers: &Answers, request: &AnswerRequest) -> Result<SearchRequest> {
    let (text, _) = conversation(request)?;
    Ok(crate::retrieval::search_of(&question::read(&text, None, answers.clock.now())?, request.mode))
}

/// The question of a request, and what was said before it.
fn conversation(request: &AnswerRequest) -> Result<(String, Vec<PastTurn>)> {
    let AnswerRequest { question, messages, session, .. } = request;
    match (question, messages.split_last()) {
        (Some(question), None) => Ok((question.clone(), Vec::new())),
        (None, Some(_)) if session.is_some() => {
            Err(Error::invalid("a session has its own messages: ask with question"))
        }
        (None, Some(_)) if messages.len() > MOST_MESSAGES => {
            Err(Error::invalid_field("messages", format!("must have at most {MOST_MESSAGES} messages")))
        }
        (None, Some((last, before))) if last.role == MessageRole::User => {
            let mut turns: Vec<PastTurn> = Vec::new();
            for message in before {
                let text = question::cut(&message.content, question::LONGEST);
                match (message.role, turns.last_mut()) {
                    (MessageRole::User, _) => turns.push(PastTurn { question: text, answer: String::new() }),
                    (MessageRole::Assistant, Some(turn)) => turn.answer = text,
                    (MessageRole::Assistant, None) => {}
                }
            }
            turns.drain(..turns.len().saturating_sub(3));
            Ok((last.content.clone(), turns))
        }
        (None, Some(_)) => Err(Error::invalid_field("messages", "must end with a message of the user")),
        _ => Err(Error::invalid("either question or messages must be given")),
    }
}

async fn earlier(
    answers: &Answers,
    caller: &Caller,
    workspace: &WorkspaceId,
    session: String,
) -> Result<Vec<PastTurn>> {
    let (caller, workspace) = (caller.clone(), workspace.clone());
    let read =
        answers.db.read(move |tx| Box::pin(async move { sessions::earlier(tx, &caller, &workspace, &session).await }));
    read.await
}

impl Task {
    async fn run(mut self) {
        for step in &self.found.steps {
            self.tell(AnswerEvent::Step(step.clone()));
        }
        self.tell(AnswerEvent::Passages { data: self.found.passages() });
        let written = match self.answers.settings.model.clone() {
            Some(model) if extract::lines(&self.question, &self.found).is_some() => self.by_model(&model).await,
            _ => self.quote(None, false),
        };
        metrics::counter!("campanile_answers_total", "mode" => mode_word(written.mode), "answered" => if written.answered { "yes" } else { "no" }).increment(1);
        metrics::histogram!("campanile_answer_seconds").record(self.began.elapsed().as_secs_f64());
        self.end(written).await;
    }

    fn tell(&self, event: AnswerEvent) {
        // Nobody may be listening any more.
        let _ = self.events.send(event);
    }

    /// Stores the turn, and tells that it has ended.
    async fn end(self, written: Written) {
        let Written { answered, mode, text, unsupported, reason, usage } = written;
        let answer = Answer {
            session: self.session.clone(),
            turn: self.turn,
            answered,
            mode,
            citations: cited(&text).into_iter().filter(|n| (1..=self.found.texts.len()).contains(n)).collect(),
            text,
            passages: self.found.passages(),
            steps: self.found.steps.clone(),
            unsupported,
            reason,
            usage,
            took: self.began.elapsed().as_secs_f64() * 1_000.0,
            request_id: self.request_id.clone(),
            forgotten: false,
        };
        let (stored, caller) = (answer.clone(), self.caller.clone());
        let now = self.answers.clock.now();
        let written = self.answers.db.write(move |tx| {
            Box::pin(async move {
                sessions::end(tx, &caller, stored).await?;
                match usage {
                    Some(spent) => {
                        usage::count(tx, &caller.organisation, Purpose::Answers, Count::call(spent), now).await
                    }
                    None => Ok(()),
                }
            })
        });
        match written.await {
            Ok(()) => self.tell(AnswerEvent::Done(Box::new(answer))),
            Err(error) => {
                tracing::error!(error = error.chain(), "an answer could not be stored");
                self.tell(AnswerEvent::Error { message: "the answer could not be stored".to_owned() });
            }
        }
    }

    /// The quotation. It takes the place of what was told before, if something was.
    fn quote(&self, reason: Option<String>, mut replaces: bool) -> Written {
        let lines = extract::lines(&self.question, &self.found);
        let answered = lines.is_some();
        let lines = lines.unwrap_or_else(|| vec![NOTHING.to_owned()]);
        let mut told: Vec<usize> = Vec::new();
        for (place, line) in lines.iter().enumerate() {
            let delta = if place == 0 { line.clone() } else { format!("\n{line}") };
            self.tell(AnswerEvent::Text { delta, unsupported: false, replaces });
            self.cite(line, &mut told);
            replaces = false;
        }
        let text = lines.join("\n");
        Written { answered, mode: AnswerMode::Extractive, text, unsupported: 0, reason, usage: None }
    }

    /// Tells the passages that a text is the first to cite.
    fn cite(&self, text: &str, told: &mut Vec<usize>) {
        for n in cited(text) {
            let passage = n.checked_sub(1).and_then(|at| self.found.texts.get(at)).map(|text| &text.passage);
            if let (Some(passage), false) = (passage, told.contains(&n)) {
                told.push(n);
                self.tell(AnswerEvent::Citation { n, id: passage.id.clone(), url: passage.url.clone() });
            }
        }
    }

    /// The answer of the model, or the quotation with the reason why there is none.
    async fn by_model(&mut self, model: &ModelSettings) -> Written {
        if let Some(reason) = self.refusal().await {
            return self.quote(Some(reason), false);
        }
        let Ok(Ok(_turn)) = tokio::time::timeout(PATIENCE, self.answers.calls.clone().acquire_owned()).await else {
            return self.quote(Some("the model has too many questions at once".to_owned()), false);
        };
        let step = AnswerStep { tool: "model".to_owned(), args: json!({ "model": model.model }) };
        self.tell(AnswerEvent::Step(step.clone()));
        self.found.steps.push(step);
        let mut draft = Draft::default();
        let called = self.call(model, &mut draft).await;
        let outcome = if called.is_ok() { "answered" } else { "failed" };
        metrics::counter!("campanile_model_calls_total", "outcome" => outcome).increment(1);
        let usage = Some(draft.usage).filter(|usage| *usage != Usage::default());
        if let Err(error) = called {
            if let ModelError::Busy(wait) = &error {
                let wait = wait.unwrap_or(PAUSE).min(LONGEST_PAUSE);
                self.answers.pause.insert((), (), self.answers.clock.now(), wait);
            }
            return Written { usage, ..self.quote(Some(error.to_string()), draft.was_told) };
        }
        self.finished(draft, usage)
    }

    /// The reason not to call the model now.
    async fn refusal(&self) -> Option<String> {
        let now = self.answers.clock.now();
        if self.answers.pause.get(&(), now).is_some() {
            return Some("the model is busy".to_owned());
        }
        let budget = self.answers.settings.monthly_tokens;
        let organisation = self.caller.organisation.clone();
        let read = self
            .answers
            .db
            .read(move |tx| Box::pin(async move { usage::is_used_up(tx, &organisation, budget, now).await }));
        match read.await {
            Ok(false) => None,
            Ok(true) => Some("the budget of this month is used up".to_owned()),
            Err(_) => Some("the budget could not be read".to_owned()),
        }
    }

    /// Reads the model's answer sentence by sentence, and tells each with the verdict.
    async fn call(&self, model: &ModelSettings, draft: &mut Draft) -> Result<(), ModelError> {
        let prompt = prompt(&self.question, &self.found, &self.earlier);
        let asked: usize = prompt.messages.iter().map(|(_, text)| text.len()).sum::<usize>() + prompt.system.len();
        let mut call = model.call(&self.answers.client, &prompt).await?;
        let verifier = Verifier::new(&self.found);
        let mut rest = String::new();
        let outcome = loop {
            match call.next().await {
                Ok(Some(text)) => rest.push_str(&text),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
            while let Some(end) = first_sentence(&rest, false) {
                let sentence: String = rest.drain(..end).collect();
                self.take(&sentence, &verifier, draft);
            }
        };
        if outcome.is_ok() {
            while let Some(end) = first_sentence(&rest, true) {
                let sentence: String = rest.drain(..end).collect();
                self.take(&sentence, &verifier, draft);
            }
        }
        let written: usize = draft.sentences.iter().map(|sentence| sentence.text.len()).sum::<usize>() + rest.len();
        draft.usage = call.usage_or_estimate(asked, written);
        outcome
    }

    fn take(&self, sentence: &str, verifier: &Verifier, draft: &mut Draft) {
        if draft.sentences.is_empty() && sentence.trim().is_empty() || draft.is_none {
            return;
        }
        if sentence.trim().trim_end_matches('.') == NO_ANSWER {
            draft.is_none = true;
            return;
        }
        let verified = verifier.verify(sentence);
        let unsupported = !verified.is_supported;
        self.tell(AnswerEvent::Text { delta: verified.text.clone(), unsupported, replaces: false });
        self.cite(&verified.text, &mut draft.cited);
        draft.was_told = true;
        draft.sentences.push(verified);
    }

    /// The answer that a model has written to its end.
    fn finished(&self, draft: Draft, usage: Option<Usage>) -> Written {
        let said = draft.sentences.iter().filter(|sentence| !sentence.text.trim().is_empty()).count();
        let unsupported = draft.sentences.iter().filter(|sentence| !sentence.is_supported).count();
        if draft.is_none && said == 0 {
            self.tell(AnswerEvent::text(NOTHING));
            let text = NOTHING.to_owned();
            let reason = Some("the model found no answer in the passages".to_owned());
            return Written { answered: false, mode: AnswerMode::Model, text, unsupported: 0, reason, usage };
        }
        if said == unsupported {
            let reason = Some("no passage supports what the model wrote".to_owned());
            return Written { usage, unsupported, ..self.quote(reason, draft.was_told) };
        }
        let is_cut = unsupported * 2 > said;
        let kept = draft.sentences.iter().filter(|sentence| sentence.is_supported || !is_cut);
        let text: String = kept.map(|sentence| sentence.text.as_str()).collect();
        let text = text.trim().to_owned();
        if is_cut {
            self.tell(AnswerEvent::Text { delta: text.clone(), unsupported: false, replaces: true });
        }
        let reason = is_cut.then(|| "sentences that no passage supports were left out".to_owned());
        Written { answered: true, mode: AnswerMode::Model, text, unsupported, reason, usage }
    }
}

/// The part of a model's answer that has come.
#[derive(Default)]
struct Draft {
    sentences: Vec<Verified>,
    cited: Vec<usize>,
    usage: Usage,
    was_told: bool,
    is_none: bool,
}

fn mode_word(mode: AnswerMode) -> &'static str {
    match mode {
        AnswerMode::Extractive => "extractive",
        AnswerMode::Model => "model",
    }
}
