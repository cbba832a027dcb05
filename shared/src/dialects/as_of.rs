//! `as_of`, a query parameter that every read takes, in dialects too that have no such parameter of their own: the
//! answer is then of that instant, or exactly of the state that an earlier answer named.

use crate::domain::{AsOf, Error};

/// The parameter.
pub const AS_OF: &str = "as_of";

/// Reads a decoded query; [`Error::Invalid`] names the parameter. Whether it lies in the future only the clock can tell.
pub fn parse(query: &[(String, String)]) -> Result<Option<AsOf>, Error> {
    let mut values = query.iter().filter(|(name, value)| name == AS_OF && !value.trim().is_empty());
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some((_, text)), None) => AsOf::parse(AS_OF, text.trim()).map(Some),
        (Some(_), Some(_)) => Err(Error::invalid(AS_OF, "is sent more than once")),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn it_is_read_once() {
        let pair = |value: &str| ("as_of".to_owned(), value.to_owned());
        let good = "2024-01-04T15:25:10.000Z~7";
        assert_eq!(parse(&[pair(good)]).map(|found| found.map(|at| at.to_string())), Ok(Some(good.to_owned())));
        assert_eq!(parse(&[]), Ok(None));
        assert_eq!(parse(&[pair(""), pair(" ")]), Ok(None));
        for wrong in [&[pair("x")][..], &[pair(good), pair(good)], &[pair("2024-01-04~")]] {
            assert!(parse(wrong).is_err_and(|error| error.to_string().starts_with("as_of: ")), "{wrong:?}");
        }
    }
}
