//! A file of rows as people have them: whatever program wrote it, in whichever encoding and with whichever delimiter (LP-032).

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Rows of an import.
pub const MOST_ROWS: usize = 20_000;
const MOST_COLUMNS: usize = 200;
/// Rows by which the delimiter shows.
const SAMPLE: usize = 20;
const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Each once: of two of one name the second is numbered.
    pub headers: Vec<String>,
    /// As wide as the headers.
    pub rows: Vec<Vec<String>>,
}

/// The text of a file, and the name of its encoding. What is no UTF is Windows-1252, in which every byte means something.
pub fn decode(bytes: &[u8]) -> (String, &'static str) {
    let encoding = if bytes.starts_with(&[0xff, 0xfe]) {
        UTF_16LE
    } else if bytes.starts_with(&[0xfe, 0xff]) {
        UTF_16BE
    } else if let Some(encoding) = utf_16_without_mark(bytes) {
        encoding
    } else if std::str::from_utf8(bytes).is_ok() {
        UTF_8
    } else {
        WINDOWS_1252
    };
    let (text, _) = encoding.decode_with_bom_removal(bytes);
    (text.replace('\0', ""), encoding.name())
}

/// In Latin letters every second byte of UTF-16 is zero.
fn utf_16_without_mark(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let head = &bytes[..bytes.len().min(400)];
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let most = head.len() / 2 * 3 / 4;
    match (head.len() >= 8, zeros(0), zeros(1)) {
        (true, even, odd) if odd > most && even == 0 => Some(UTF_16LE),
        (true, even, odd) if even > most && odd == 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// The delimiter that gives the first rows the same number of columns, and the most of them.
pub fn delimiter(text: &str) -> u8 {
    let score = |delimiter: u8| {
        let mut widths =
            reader(text, delimiter).into_records().take(SAMPLE).filter_map(Result::ok).map(|row| row.len());
        let Some(first) = widths.next() else { return (false, 0) };
        (first > 1 && widths.all(|width| width == first), first)
    };
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| score(*delimiter)).unwrap_or(b',')
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes())
}

/// Reads the rows. A stable word for what is no table.
pub fn read(text: &str, delimiter: u8) -> Result<Table, &'static str> {
    let mut records = reader(text, delimiter).into_records();
    let headers = records.next().and_then(Result::ok).ok_or("empty")?;
    if headers.len() > MOST_COLUMNS {
        return Err("too_many_columns");
    }
    let mut names = Vec::<String>::new();
    for (at, header) in headers.iter().enumerate() {
        let name: String = header.trim().chars().filter(|c| !c.is_control()).take(200).collect();
        let name = if name.is_empty() { format!("{}", at + 1) } else { name };
        let mut unique = name.clone();
        let mut number = 1;
        while names.contains(&unique) {
            number += 1;
            unique = format!("{name} ({number})");
        }
        names.push(unique);
    }
    let mut rows = Vec::new();
    for record in records {
        let record = record.map_err(|_| "unreadable")?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == MOST_ROWS {
            return Err("too_many_rows");
        }
        let cells = record.iter().map(unguarded).chain(std::iter::repeat(String::new()));
        rows.push(cells.take(names.len()).collect());
    }
    if rows.is_empty() { Err("empty") } else { Ok(Table { headers: names, rows }) }
}

/// Without what a program puts before a cell so that it is no formula.
fn unguarded(cell: &str) -> String {
    let cell = cell.trim();
    let rest = cell.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA));
    rest.unwrap_or(cell).to_owned()
}

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell that no spreadsheet executes.
pub fn guarded(cell: &str) -> String {
    if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_wrote_it_it_is_read() {
        let text = "Navn;Telefon\nÅse \"A\" Berg;40012345\n\"Ola; Hansen\";\"400\n12\"\n;\n";
        let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let files: [(Vec<u8>, &str); 6] = [
            (text.as_bytes().to_vec(), "UTF-8"),
            ([b"\xef\xbb\xbf", text.as_bytes()].concat(), "UTF-8"),
            ([b"\xff\xfe".as_slice(), &utf_16].concat(), "UTF-16LE"),
            ([b"\xfe\xff".as_slice(), &big].concat(), "UTF-16BE"),
            (utf_16, "UTF-16LE"),
            (
                text.chars()
                    .map(|c| if c == 'Å' { 0xc5 } else { u8::try_from(u32::from(c)).expect("Latin 1") })
                    .collect(),
                "windows-1252",
            ),
        ];
        for (bytes, encoding) in files {
            let (read_as, name) = decode(&bytes);
            assert_eq!(name, encoding);
            let table = read(&read_as, delimiter(&read_as)).expect("a table");
            assert_eq!(table.headers, ["Navn", "Telefon"], "{encoding}");
            assert_eq!(table.rows, [["Åse \"A\" Berg", "40012345"], ["Ola; Hansen", "400\n12"]], "{encoding}");
        }
    }

    #[test]
    fn the_delimiter_shows_by_itself() {
        for (text, found) in [
            ("name,phone\nKari,1\n", b','),
            ("name;phone\nBerg, Kari;1\nOla;2\n", b';'),
            ("id\tname\tphone\nl:1\tKari, K\tp:+47\n", b'\t'),
            ("a|b|c\n1|2|3\n", b'|'),
            ("phone\n1\n", b';'),
        ] {
            assert_eq!(delimiter(text), found, "{text}");
        }
        assert_eq!(read("phone\n40012345\n", delimiter("phone\n40012345\n")).expect("a table").rows.len(), 1);
    }

    #[test]
    fn what_is_no_table_says_why_and_odd_headers_are_told_apart() {
        assert_eq!(read("", b','), Err("empty"));
        assert_eq!(read("name,phone\n,\n", b','), Err("empty"));
        assert_eq!(read(&"a,".repeat(300), b','), Err("too_many_columns"));
        let long = format!("phone\n{}", "1\n".repeat(MOST_ROWS + 1));
        assert_eq!(read(&long, b','), Err("too_many_rows"));
        let table = read("name,,name\na,b,c,d\n1\n", b',').expect("a table");
        assert_eq!(table.headers, ["name", "2", "name (2)"]);
        assert_eq!(table.rows, [["a", "b", "c"], ["1", "", ""]]);
    }

    #[test]
    fn no_cell_is_a_formula_for_whoever_opens_the_file() {
        for cell in ["=1+1", "+47", "-1", "@x", "\tx"] {
            assert_eq!(guarded(cell), format!("'{cell}"));
        }
        assert_eq!(guarded("Kari"), "Kari");
        assert_eq!(unguarded("'+4740012345"), "+4740012345", "and comes back as it was");
        assert_eq!(unguarded("'tis"), "'tis");
    }
}
