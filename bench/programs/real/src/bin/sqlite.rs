//! `sqlite`: a database in memory: tables, indices, joins, groups, windows, text search by pattern, changes, a roll back.

use std::process::ExitCode;

use rusqlite::{Connection, Result, params};
use upshift_bench_real::input::{Random, WORDS, sentence};

const SCHEMA: &str = "
    CREATE TABLE boat (id INTEGER PRIMARY KEY, name TEXT NOT NULL, length REAL NOT NULL, flag TEXT);
    CREATE TABLE visit (id INTEGER PRIMARY KEY, boat INTEGER NOT NULL REFERENCES boat(id), day INTEGER NOT NULL,
        fee INTEGER NOT NULL CHECK (fee >= 0), note TEXT);
    CREATE INDEX visit_by_boat ON visit (boat, day);
    CREATE TRIGGER longer AFTER UPDATE OF length ON boat WHEN new.length > old.length
        BEGIN INSERT INTO visit (boat, day, fee, note) VALUES (new.id, 400, 1, 'measured'); END;
";

/// Each gives rows whose order is determined.
const QUERIES: &[&str] = &[
    "SELECT count(*), sum(fee), min(day), max(day) FROM visit",
    "SELECT boat.name, count(*) AS visits, sum(fee), round(avg(fee), 3) FROM boat JOIN visit ON visit.boat = boat.id
        GROUP BY boat.name HAVING visits > 3 ORDER BY visits DESC, boat.name LIMIT 20",
    "SELECT id, day, sum(fee) OVER (PARTITION BY boat ORDER BY day, id ROWS 3 PRECEDING) AS recent,
        rank() OVER (ORDER BY fee DESC, id) FROM visit ORDER BY recent DESC, id LIMIT 25",
    "SELECT day / 30 AS month, flag, total(fee) FROM visit LEFT JOIN boat ON boat.id = visit.boat AND length > 20
        GROUP BY month, flag ORDER BY month, flag",
    "WITH RECURSIVE step(day, boats) AS (SELECT 0, 0 UNION ALL
        SELECT day + 30, (SELECT count(DISTINCT boat) FROM visit WHERE day BETWEEN step.day AND step.day + 29) FROM step
        WHERE day < 360) SELECT * FROM step",
    "SELECT count(*), group_concat(DISTINCT substr(upper(name), 1, 2)) FROM (SELECT name FROM boat ORDER BY id)",
    "SELECT length(note), count(*) FROM visit WHERE note LIKE '%river%water%' OR note GLOB '*[Ww]ind.' GROUP BY 1 ORDER BY 1",
    "SELECT name FROM boat WHERE NOT EXISTS (SELECT 1 FROM visit WHERE boat = boat.id AND fee > 400) ORDER BY name, id LIMIT 9",
];

fn database() -> Result<Connection> {
    let mut random = Random::new(9);
    let mut connection = Connection::open_in_memory()?;
    connection.execute_batch(SCHEMA)?;
    let transaction = connection.transaction()?;
    {
        let mut boat = transaction.prepare("INSERT INTO boat (name, length, flag) VALUES (?1, ?2, ?3)")?;
        for _ in 0..200 {
            let (name, length) = (random.pick(WORDS), 4.0 + f64::from(random.below(400)) / 8.0);
            let flag = (!random.once_in(6)).then(|| random.pick(&["north", "south", "east", "west"]));
            boat.execute(params![name, length, flag])?;
        }
        let mut visit =
            transaction.prepare("INSERT INTO visit (boat, day, fee, note) VALUES (?1, ?2, ?3, ?4)")?;
        for _ in 0..1500 {
            let (boat, day, fee) = (1 + random.below(200), random.below(365), random.below(500));
            visit.execute(params![boat, day, fee, sentence(&mut random)])?;
        }
    }
    transaction.commit()?;
    Ok(connection)
}

/// The rows of all queries, a line each.
fn report(connection: &Connection) -> Result<String> {
    let mut output = String::new();
    for query in QUERIES {
        let mut statement = connection.prepare(query)?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                output += &format!("{:?}|", row.get_ref(column)?);
            }
            output += "\n";
        }
    }
    Ok(output)
}

fn database_work() -> Result<String> {
    let mut connection = database()?;
    let before = report(&connection)?;
    let transaction = connection.transaction()?;
    transaction.execute("UPDATE boat SET length = length + 1 WHERE id % 3 = 0", [])?;
    transaction.execute("DELETE FROM visit WHERE fee < 50", [])?;
    let between = report(&transaction)?;
    transaction.rollback()?;
    assert!(report(&connection)? == before);
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    Ok(before + &between + &check)
}

fn main() -> ExitCode {
    upshift_bench_real::run(
        0xbe96_e5be_8451_a580,
        || (),
        |()| database_work().expect("valid statements").into_bytes(),
    )
}
