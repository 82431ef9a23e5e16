//! The same response in other words: fields that are lists, with their members in
//! other letters, with other blanks and commas between them, in more lines.

use arbitrary::{Arbitrary, Result, Unstructured};
use http::HeaderValue;

use super::{
    super::fields,
    answer::{Answer, Line},
};

#[derive(Debug)]
pub(super) struct Spelling {
    /// Which letters are turned, over and over.
    letters: u16,
    /// What stands between members, over and over. None: in a line of its own.
    between: [Option<&'static str>; 3],
    /// The lines that come last then.
    turn: u8,
}

impl<'a> Arbitrary<'a> for Spelling {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let ways = [
            None,
            None,
            Some(","),
            Some(", "),
            Some(" \t,"),
            Some(",,"),
            Some(" , ,"),
        ];
        Ok(Self {
            letters: u.arbitrary()?,
            between: [*u.choose(&ways)?, *u.choose(&ways)?, *u.choose(&ways)?],
            turn: u.arbitrary()?,
        })
    }
}

impl Spelling {
    pub(super) fn of(&self, answer: &Answer) -> Answer {
        let mut lines: Vec<_> = answer
            .lines
            .iter()
            .flat_map(|line| self.respell(line))
            .collect();
        if !lines.is_empty() {
            let turn = usize::from(self.turn) % lines.len();
            lines.rotate_left(turn);
        }
        Answer {
            lines,
            ..answer.clone()
        }
    }

    /// One line or more. A malformed one only gets other letters.
    fn respell(&self, line: &Line) -> Vec<Line> {
        let value = line.value.as_bytes();
        let members = if line.is_of_caches() {
            fields::directives(value)
                .map(|members| members.into_iter().map(<[u8]>::to_vec).collect())
        } else if line.name == "vary" {
            fields::names(value).map(|names| names.into_iter().map(String::into_bytes).collect())
        } else {
            return vec![line.clone()];
        };
        let members: Vec<Vec<u8>> = members.unwrap_or_else(|| vec![value.to_vec()]);
        let mut values = vec![Vec::new()];
        for (at, member) in members.into_iter().enumerate() {
            match self.between[at % self.between.len()] {
                _ if at == 0 => {}
                Some(between) => last(&mut values).extend_from_slice(between.as_bytes()),
                None => values.push(Vec::new()),
            }
            last(&mut values).extend(self.turn_letters(member));
        }
        let line = |value: Vec<u8>| Line {
            name: line.name,
            value: HeaderValue::from_bytes(&value).expect("of bytes that were in one"),
        };
        values.into_iter().map(line).collect()
    }

    fn turn_letters(&self, mut member: Vec<u8>) -> Vec<u8> {
        for (at, byte) in member.iter_mut().enumerate() {
            if byte.is_ascii_alphabetic() && self.letters >> (at % 16) & 1 == 1 {
                *byte ^= 0x20;
            }
        }
        member
    }
}

fn last(values: &mut [Vec<u8>]) -> &mut Vec<u8> {
    values.last_mut().expect("there is one from the start")
}
