//! Settings, read from the environment in this one place.
//!
//! Of the master secret a function's environment has the name only; see [`Settings::master_secret`].

use crate::domain::{Error, TenantId};
use crate::secrets::{self, Master, Masters};

/// What the environment says.
#[derive(Clone, Default)]
pub struct Settings {
    /// `TABLE_NAME`: the DynamoDB table.
    pub table: Option<String>,
    /// `POSTURE_TENANT`: the tenant that events of this deployment belong to; `default` when it is not set.
    pub tenant: Option<String>,
    /// `POSTURE_URL`: the server that commands talk to.
    pub url: Option<String>,
    /// `POSTURE_TOKEN`: the key that commands present.
    pub token: Option<String>,
    /// `POSTURE_LOG`: see [`Settings::log`].
    log: Option<String>,
    /// `POSTURE_BITDEFENDER_MAX_DAYS`: how many days ago an interval of Bitdefender's finding changes may begin; any time
    /// when it is not set, 90 with the vendor.
    bitdefender_max_days: Option<String>,
    /// `POSTURE_ALLOWED_ORIGINS`: the origins, separated by commas, whose web pages may read answers; none when it is
    /// not set.
    allowed_origins: Option<String>,
    /// `POSTURE_SWEEP_AGGREGATOR`: the aggregator of AWS Config that a sweep asks; each region's own when it is not set.
    pub sweep_aggregator: Option<String>,
    /// `POSTURE_SWEEP_REGIONS`: the regions that a sweep reads, separated by commas; its own when it is not set.
    sweep_regions: Option<String>,
    /// `POSTURE_HUB_REGIONS`: the regions whose Security Hub is read, separated by commas; its own when it is not set.
    hub_regions: Option<String>,
    /// `POSTURE_MEMBER_ROLES`: roles in other accounts that are taken on to read there, by their ARNs, separated by commas.
    member_roles: Option<String>,
    /// `POSTURE_MEMBER_EXTERNAL_ID`: the external id with which they are taken on.
    pub member_external_id: Option<String>,
    /// `POSTURE_BEDROCK_MODEL`: the model of Amazon Bedrock that words remediations, by its id or an ARN; none is asked when it is
    /// not set.
    pub bedrock_model: Option<String>,
    /// `POSTURE_BEDROCK_REGION`: the region in which it is asked; that of an ARN, else one's own, when it is not set.
    bedrock_region: Option<String>,
    /// `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`: where Bedrock is, if not where it is for everybody; AWS's own name for it.
    pub bedrock_url: Option<String>,
    /// `POSTURE_METRICS`: `emf` writes CloudWatch's metrics into the log; none are written when it is not set.
    metrics: Option<String>,
    /// `POSTURE_COST_HEADER`: `true` lets answers say what they cost; they do not when it is not set.
    cost_header: Option<String>,
    /// `POSTURE_MASTER`: see [`masters_of`].
    master: Option<String>,
    /// `POSTURE_MASTER_SECRET`: the name or ARN of the secret in AWS Secrets Manager whose value is what `POSTURE_MASTER` would be.
    pub master_secret: Option<String>,
    /// `_HANDLER`, which Lambda sets: the function's name.
    pub handler: Option<String>,
    /// `AWS_LAMBDA_RUNTIME_API`, which Lambda sets: host and port of its runtime API.
    pub runtime_api: Option<String>,
    /// `AWS_REGION`, which Lambda sets.
    pub region: Option<String>,
    /// `AWS_ENDPOINT_URL` and the names that AWS has for single services: where they are, if not where they are for everybody.
    aws_url: Option<String>,
    dynamodb_url: Option<String>,
    secrets_url: Option<String>,
}

impl Settings {
    /// Reads the process's environment. An empty variable counts as absent.
    pub fn from_environment() -> Self {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads settings from any source of variables.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        Self {
            table: variable("TABLE_NAME"),
            tenant: variable("POSTURE_TENANT"),
            url: variable("POSTURE_URL"),
            token: variable("POSTURE_TOKEN"),
            log: variable("POSTURE_LOG"),
            bitdefender_max_days: variable("POSTURE_BITDEFENDER_MAX_DAYS"),
            allowed_origins: variable("POSTURE_ALLOWED_ORIGINS"),
            sweep_aggregator: variable("POSTURE_SWEEP_AGGREGATOR"),
            sweep_regions: variable("POSTURE_SWEEP_REGIONS"),
            hub_regions: variable("POSTURE_HUB_REGIONS"),
            member_roles: variable("POSTURE_MEMBER_ROLES"),
            member_external_id: variable("POSTURE_MEMBER_EXTERNAL_ID"),
            bedrock_model: variable("POSTURE_BEDROCK_MODEL"),
            bedrock_region: variable("POSTURE_BEDROCK_REGION"),
            bedrock_url: variable("AWS_ENDPOINT_URL_BEDROCK_RUNTIME"),
            metrics: variable("POSTURE_METRICS"),
            cost_header: variable("POSTURE_COST_HEADER"),
            master: variable("POSTURE_MASTER"),
            master_secret: variable("POSTURE_MASTER_SECRET"),
            handler: variable("_HANDLER"),
            runtime_api: variable("AWS_LAMBDA_RUNTIME_API"),
            region: variable("AWS_REGION"),
            aws_url: variable("AWS_ENDPOINT_URL"),
            dynamodb_url: variable("AWS_ENDPOINT_URL_DYNAMODB"),
            secrets_url: variable("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        }
    }

    /// The table's name; [`Error::Internal`] when it is not set.
    pub fn table(&self) -> Result<&str, Error> {
        self.table.as_deref().ok_or_else(|| Error::internal("TABLE_NAME is not set"))
    }

    /// What to log: targets and levels, in the syntax of `tracing_subscriber::filter::Targets`; `usual` when it is not set.
    ///
    /// [`Error::Invalid`] when it asks for spans or fields. That syntax takes them, and a function's log then leaves out what was asked for,
    /// and perhaps everything.
    pub fn log<'a>(&'a self, usual: &'a str) -> Result<&'a str, Error> {
        let log = self.log.as_deref().unwrap_or(usual);
        match log.contains(['[', ']', '{', '}']) {
            true => Err(Error::invalid(
                "POSTURE_LOG",
                format!(
                    "{log} asks for spans or fields, by which nothing is selected: name targets and levels, such as posture_shared=debug,info"
                ),
            )),
            false => Ok(log),
        }
    }

    /// Where AWS is, if not where it is for everybody.
    pub fn aws_url(&self) -> Option<&str> {
        self.aws_url.as_deref()
    }

    /// Where DynamoDB is, if not where it is for everybody.
    pub fn dynamodb_url(&self) -> Option<&str> {
        self.dynamodb_url.as_deref().or(self.aws_url())
    }

    /// Where AWS Secrets Manager is, if not where it is for everybody.
    pub fn secrets_url(&self) -> Option<&str> {
        self.secrets_url.as_deref().or(self.aws_url())
    }

    /// Whether the environment has a master at all.
    pub fn has_master(&self) -> bool {
        self.master.is_some()
    }

    /// The tenant that events of this deployment belong to; [`Error::Invalid`] when it is no tenant's name.
    pub fn tenant(&self) -> Result<TenantId, Error> {
        TenantId::parse(self.tenant.as_deref().unwrap_or("default"))
    }

    /// How many days ago an interval of Bitdefender's finding changes may begin; [`Error::Internal`] when that is no
    /// number.
    pub fn bitdefender_max_days(&self) -> Result<Option<u32>, Error> {
        let days = self.bitdefender_max_days.as_deref().map(str::parse).transpose();
        days.map_err(|_| Error::internal("POSTURE_BITDEFENDER_MAX_DAYS is not a number of days"))
    }

    /// The origins whose web pages may read answers, as browsers spell them: `https://example.com`, without a path.
    pub fn allowed_origins(&self) -> Vec<String> {
        listed(self.allowed_origins.as_deref())
    }

    /// Whether CloudWatch's metrics are written; [`Error::Internal`] when that is neither said nor left open.
    pub fn metrics(&self) -> Result<bool, Error> {
        one_of("POSTURE_METRICS", self.metrics.as_deref(), "emf", "off")
    }

    /// Whether answers say what they cost; [`Error::Internal`] when that is neither said nor left open.
    pub fn cost_header(&self) -> Result<bool, Error> {
        one_of("POSTURE_COST_HEADER", self.cost_header.as_deref(), "true", "false")
    }

    /// The regions that a sweep reads; none when that is left to its surroundings.
    pub fn sweep_regions(&self) -> Vec<String> {
        listed(self.sweep_regions.as_deref())
    }

    /// The regions whose Security Hub is read; none when that is left to its surroundings.
    pub fn hub_regions(&self) -> Vec<String> {
        listed(self.hub_regions.as_deref())
    }

    /// The roles in other accounts, by their ARNs.
    pub fn member_roles(&self) -> Vec<String> {
        listed(self.member_roles.as_deref())
    }

    /// The region in which the model is asked; `None` is one's own.
    pub fn bedrock_region(&self) -> Option<String> {
        let arn = self.bedrock_model.as_deref().filter(|model| model.starts_with("arn:"));
        let of_arn = || arn?.split(':').nth(3).filter(|region| !region.is_empty()).map(str::to_owned);
        self.bedrock_region.clone().or_else(of_arn)
    }

    /// The masters; [`Error::Internal`] when they are absent or unreadable.
    pub fn masters(&self) -> Result<Masters, Error> {
        let text = self.master.as_deref();
        masters_of(text.ok_or_else(|| Error::internal("neither POSTURE_MASTER_SECRET nor POSTURE_MASTER is set"))?)
    }
}

fn one_of(name: &str, text: Option<&str>, yes: &str, no: &str) -> Result<bool, Error> {
    match text {
        None => Ok(false),
        Some(text) if text == yes => Ok(true),
        Some(text) if text == no => Ok(false),
        Some(_) => Err(Error::internal(format!("{name} is neither {yes} nor {no}"))),
    }
}

fn listed(text: Option<&str>) -> Vec<String> {
    let parts = text.unwrap_or_default().split(',').map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Reads masters: one or two, each `VERSION:HEX` with at least 64 lower-case hexadecimal digits, separated by a comma.
/// A single one may leave out `VERSION:` and is version 1. The greater version makes new keys.
pub fn masters_of(text: &str) -> Result<Masters, Error> {
    let masters: Result<Vec<Master>, Error> = text.split(',').map(|part| master_of(part.trim())).collect();
    let mut masters = masters?;
    masters.sort_by_key(|master| std::cmp::Reverse(master.version));
    let mut masters = masters.into_iter();
    match (masters.next(), masters.next(), masters.next()) {
        (Some(current), None, None) => Ok(Masters::only(current)),
        (Some(current), Some(previous), None) if current.version != previous.version => {
            Ok(Masters { current, previous: Some(previous) })
        }
        _ => Err(Error::internal("there must be one or two masters of different versions")),
    }
}

fn master_of(text: &str) -> Result<Master, Error> {
    let (version, digits) = text.split_once(':').unwrap_or(("1", text));
    let version = version.parse().map_err(|_| Error::internal("a master's version is not a number"))?;
    let bytes = secrets::unhex(digits).ok_or_else(|| Error::internal("a master is not lower-case hexadecimal"))?;
    Master::new(version, bytes)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{Settings, masters_of};

    #[test]
    fn masters_are_read_with_and_without_versions() {
        let hex = "ab".repeat(32);
        assert_eq!(masters_of(&hex).unwrap().current.version, 1);
        let two = masters_of(&format!("1:{hex}, 2:{hex}")).unwrap();
        assert_eq!(two.current.version, 2);
        assert!(two.by_version(1).is_some() && two.by_version(3).is_none());
    }

    #[test]
    fn bad_masters_are_refused() {
        let hex = "ab".repeat(32);
        let (three, twice) = (format!("1:{hex},2:{hex},3:{hex}"), format!("1:{hex},1:{hex}"));
        for text in ["", "ab", "1:", "x:00", &"zz".repeat(32), &"a".repeat(65), "1:00,", ":", &three, &twice] {
            assert!(masters_of(text).is_err(), "{text}");
        }
    }

    #[test]
    fn days_are_a_number() {
        let days = |text: &'static str| Settings::read(|_| Some(text.to_owned())).bitdefender_max_days();
        assert_eq!(days("90").unwrap(), Some(90));
        assert_eq!(days("").unwrap(), None);
        assert!(days("-1").is_err() && days("ninety").is_err());
    }

    #[test]
    fn a_log_of_spans_or_fields_is_refused() {
        for wrong in ["[{tenant}]=debug", "info,posture_shared[{tenant}]=debug", "[request]=debug", "[request{tenant}]"]
        {
            let settings = Settings::read(|_| Some(wrong.to_owned()));
            let refusal = settings.log("info").unwrap_err().to_string();
            assert!(refusal.starts_with("POSTURE_LOG: ") && refusal.contains("posture_shared=debug,info"), "{refusal}");
        }
        let right = "warn,posture_shared::ledger=debug";
        assert_eq!(Settings::read(|_| Some(right.to_owned())).log("info").unwrap(), right);
        assert_eq!(Settings::read(|_| None).log("info").unwrap(), "info");
    }

    #[test]
    fn origins_are_listed() {
        let origins = |text: &'static str| Settings::read(|_| Some(text.to_owned())).allowed_origins();
        assert_eq!(origins(""), Vec::<String>::new());
        assert_eq!(
            origins("https://a.example, http://b.example:8080,"),
            ["https://a.example", "http://b.example:8080"]
        );
    }

    #[test]
    fn a_models_region_is_its_arns_unless_it_is_set() {
        let region = |model: &'static str, region: &'static str| {
            let set = [("POSTURE_BEDROCK_MODEL", model), ("POSTURE_BEDROCK_REGION", region)];
            Settings::read(|name| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned()))
                .bedrock_region()
        };
        let arn = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.x.y-v1:0";
        assert_eq!(region(arn, "").as_deref(), Some("eu-west-1"));
        assert_eq!(region(arn, "us-east-1").as_deref(), Some("us-east-1"));
        assert_eq!(region("eu.x.y-v1:0", ""), None);
    }

    #[test]
    fn an_empty_variable_is_absent() {
        let settings = Settings::read(|name| Some(if name == "TABLE_NAME" { "" } else { "x" }.to_owned()));
        assert_eq!(settings.table, None);
        assert_eq!(settings.url.as_deref(), Some("x"));
    }
}
