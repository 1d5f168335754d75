//! Measures the model in the binary: passages per second on one thread, and a short query.

use std::time::Instant;

use campanile_embed::{Lane, Model};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let began = Instant::now();
    let model = Model::built_in()?;
    println!("load: {:.0} ms", began.elapsed().as_secs_f64() * 1_000.0);
    let lane = Lane::new("embed", 0)?;
    let sentence = "The deployment of the billing service failed because the migration timed out again. ";
    for (name, sentences, batch) in
        [("256 tokens", 20, 1), ("60 tokens", 4, 1), ("60 tokens", 4, 16), ("16 tokens", 1, 1), ("16 tokens", 1, 32)]
    {
        let text = sentence.repeat(sentences);
        let texts = vec![text.as_str(); batch];
        lane.run(|| model.passages(&texts));
        let began = Instant::now();
        let mut rounds = 0;
        while began.elapsed().as_secs() < 2 {
            lane.run(|| model.passages(&texts));
            rounds += 1;
        }
        let each = began.elapsed().as_secs_f64() * 1_000.0 / f64::from(rounds) / batch as f64;
        println!("{name}, {batch} together: {each:.2} ms each, {:.1}/s", 1_000.0 / each);
    }
    Ok(())
}
